{#- The last of the 90 days after one, in which an order is waited for. -#}
{% macro followed_until(day) -%}
    {{ add_days(day, 90) }}
{%- endmacro %}


{#- Enough for a figure to one point in a hundred, and no more with more customers. -#}
{% macro most_customers_to_look_at() -%}
    100000
{%- endmacro %}


{#- And those at most whose past the predictions are held against. -#}
{% macro most_customers_to_backtest() -%}
    200000
{%- endmacro %}


{#- With fewer customers on a side nothing is said of what is better. -#}
{% macro least_customers_to_judge() -%}
    30
{%- endmacro %}


{#- The standard error of a figure that is the mean of what customers pull it by, each customer's pulls summed up. Rounded, as the
    last digits of a sum depend on the order of its rows. -#}
{% macro deviation_of_pulls(pull) -%}
    round(sqrt(sum({{ pull }} * {{ pull }}) * {{ rate('count(*)', 'count(*) - 1') }}), 12)
{%- endmacro %}


{#- Of `customers` (a relation with customer_id) those with the smallest md5 of their id: the same customers in every refresh, whoever
    they are. Numbered part by part: one window over all customers is one task on Spark. Not by `limit`: where DuckDB 2.0.0 expects
    fewer rows than that, it leaves the limit out, and gives all of them. -#}
{% macro chosen_by_hash(customers, most) -%}
    select customer_id
    from (
        select
            hashed.customer_id,
            parts.customers_before
            + row_number() over (partition by hashed.hash_start order by hashed.hash_of_id, hashed.customer_id) as number
        from (
            select
                customer_id,
                md5(customer_id) as hash_of_id,
                substring(md5(customer_id), 1, 2) as hash_start
            from {{ customers }}
        ) as hashed
        inner join (
            select
                hash_start,
                (sum(count(*)) over (order by hash_start)) - count(*) as customers_before
            from (
                select substring(md5(customer_id), 1, 2) as hash_start
                from {{ customers }}
            ) as starts
            group by hash_start
        ) as parts
            on hashed.hash_start = parts.hash_start
    ) as numbered
    where number <= {{ most }}
{%- endmacro %}
