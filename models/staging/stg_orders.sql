{%- set text_columns = ['order_id', 'customer_id', 'currency', 'status', 'sales_channel', 'customer_email'] -%}
{%- set typed_columns = ['ordered_at', 'amount', 'refunded_amount', 'discount_amount', 'is_test', 'updated_at'] -%}
{%- set original_values = [] -%}
{%- for column in raw_order_columns() -%}
    {%- set typed_value = 'cast(' ~ column ~ '_typed as ' ~ dbt.type_string() ~ ')' -%}
    {%- do original_values.append(
        'original_' ~ column if column in text_columns else 'coalesce(original_' ~ column ~ ', ' ~ typed_value ~ ')'
    ) -%}
{%- endfor -%}
with raw_orders as (

    select
        {% for column in text_columns %}
            {{ column }} as original_{{ column }},
            {{ clean_text(column) }} as {{ column }},
        {% endfor %}
        {% for column in typed_columns %}
            {{ column }},
            {{ raw_text(column) }} as {{ column }}_text,
            {{ column }}_typed,
        {% endfor %}
        source_file,
        malformed_line
    from {{ source('raw', 'orders') }}

),

typed as (

    select
        order_id,
        {{ customer_number('customer_id') }} as customer_id,
        {{ customer_email('customer_id', 'customer_email') }} as customer_email,
        {{ raw_timestamp('ordered_at') }} as ordered_at,
        {{ raw_timestamp('updated_at') }} as updated_at,
        upper(coalesce(currency, '{{ var("reporting_currency") }}')) as currency,
        {{ raw_decimal('amount') }} as amount,
        case
            when refunded_amount_typed is null and refunded_amount_text is null then 0
            else {{ raw_decimal('refunded_amount') }}
        end as refunded_amount,
        {{ raw_decimal('discount_amount') }} as discount_amount,
        status,
        sales_channel,
        {{ raw_boolean('is_test') }} as is_test,
        {% for column in text_columns %}
            original_{{ column }},
        {% endfor %}
        {% for column in typed_columns %}
            {{ column }} as original_{{ column }},
            {{ column }}_typed,
        {% endfor %}
        source_file,
        malformed_line
    from raw_orders

),

dated as (

    select
        *,
        {{ reporting_date('ordered_at') }} as order_date,
        {{ reporting_date('updated_at') }} as updated_date,
        case when currency <> upper('{{ var("reporting_currency") }}') then currency end as foreign_currency
    from typed

),

converted as (

    select
        dated.*,
        case when dated.foreign_currency is null then 1 else rates.rate end as exchange_rate
    from dated
    left join {{ ref('stg_daily_exchange_rates') }} as rates
        on
            dated.foreign_currency = rates.currency
            and dated.order_date = rates.rate_date

),

judged as (

    select
        *,
        case
            when order_id is null then 'missing_order_id'
            -- An offset can lead out of the calendar: to a day before the year 1.
            when ordered_at is null or order_date < cast('0001-01-01' as date) then 'invalid_ordered_at'
            when order_date > {{ reporting_date(run_at()) }} then 'ordered_in_future'
            when amount is null then 'invalid_amount'
            when amount < 0 then 'negative_amount'
            when refunded_amount is null or refunded_amount < 0 or refunded_amount > amount then 'invalid_refund'
            when exchange_rate is null then 'unknown_currency'
            -- More than fits into net_amount: no shop's order, and it must not stop the run.
            when
                foreign_currency is not null
                and try_cast(cast(amount as decimal(19, 4)) * exchange_rate as decimal(18, 2)) is null
                then 'invalid_amount'
        end as rejection_reason
    from converted

)

select
    order_id,
    customer_id,
    customer_email,
    ordered_at,
    order_date,
    updated_at,
    updated_date,
    currency,
    amount,
    refunded_amount,
    discount_amount,
    case
        when rejection_reason is not null then null
        when foreign_currency is null then cast(amount - refunded_amount as decimal(18, 2))
        -- 19 digits and the rate's 18 make 38: Spark rounds a longer product before the cents are rounded.
        else try_cast(cast(amount - refunded_amount as decimal(19, 4)) * exchange_rate as decimal(18, 2))
    end as net_amount,
    status,
    sales_channel,
    coalesce(is_test, false) as is_test,
    source_file,
    rejection_reason,
    -- One array instead of twelve columns that are null in all but a few rows.
    case
        when rejection_reason is not null
            then {{ dbt.array_construct(original_values) }}
    end as original_values,
    malformed_line
from judged
