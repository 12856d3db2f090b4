SELECT order_id, customer_id, order_date, status,
  coalesce(sum(amount) FILTER (WHERE payment_method = 'credit_card'), 0) AS credit_card_amount,
  coalesce(sum(amount) FILTER (WHERE payment_method = 'coupon'), 0) AS coupon_amount,
  coalesce(sum(amount) FILTER (WHERE payment_method = 'bank_transfer'), 0) AS bank_transfer_amount,
  coalesce(sum(amount) FILTER (WHERE payment_method = 'gift_card'), 0) AS gift_card_amount,
  coalesce(sum(amount), 0) AS amount
FROM {silver.orders} LEFT JOIN {payments} USING (order_id)
GROUP BY order_id, customer_id, order_date, status
