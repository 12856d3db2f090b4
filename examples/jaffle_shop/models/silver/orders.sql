/*
seed: {file: raw_orders.csv, columns: orders}
rules:
  - unique: {columns: order_id, action: fail}
  - accepted: {column: status, values: [placed, shipped, completed, return_pending, returned]}
  - references: {table: silver.customers, columns: customer_id}
write: replace
*/
SELECT id AS order_id, user_id AS customer_id, order_date, status FROM {input}
