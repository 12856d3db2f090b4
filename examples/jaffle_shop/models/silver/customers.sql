/*
seed: {file: raw_customers.csv, columns: customers}
rules: [{unique: {columns: customer_id, action: fail}}, {not_null: {columns: [customer_id], action: fail}}]
write: replace
*/
SELECT id AS customer_id, first_name, last_name FROM {input}
