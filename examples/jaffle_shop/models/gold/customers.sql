SELECT customer_id, first_name, last_name,
  min(order_date) AS first_order, max(order_date) AS most_recent_order,
  count(order_id) AS number_of_orders, sum(amount) AS lifetime_value
FROM {silver.customers} LEFT JOIN {gold.orders} USING (customer_id)
GROUP BY customer_id, first_name, last_name
