/*
seed: {file: raw_payments.csv, columns: payments}
rules:
  - unique: {columns: payment_id, action: fail}
  - accepted: {column: payment_method, values: [credit_card, coupon, bank_transfer, gift_card]}
  - references: {table: silver.orders, columns: order_id}
write: replace
*/
SELECT id AS payment_id, order_id, payment_method, CAST(amount / 100 AS DECIMAL(10,2)) AS amount FROM {input}
