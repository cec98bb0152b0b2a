{%- set texts = ['order_id', 'customer_id', 'customer_email', 'currency', 'status', 'sales_channel'] -%}
{%- set others = ['ordered_at', 'amount', 'refunded_amount', 'discount_amount', 'is_test', 'updated_at'] -%}
{%- set personal = ['customer_id', 'customer_email', 'malformed_line'] -%}
{%- set not_personal = [
    'order_id', 'ordered_at', 'updated_at', 'currency', 'amount', 'refunded_amount', 'discount_amount', 'status',
    'sales_channel', 'is_test', 'source_file',
] -%}
{%- for column in texts + others -%}
    {%- do personal.append('raw_' ~ column) -%}
{%- endfor -%}
{%- for column in others -%}
    {%- do not_personal.append(column ~ '_typed') -%}
{%- endfor -%}
{%- set kept_columns = ['currency', 'is_test', 'source_file', 'rejection_reason'] -%}
{%- set columns = [
    'order_id', 'customer_id', 'customer_email', 'email_hash', 'ordered_at', 'order_date', 'updated_at', 'updated_date',
    'currency', 'exchange_rate', 'amount', 'refunded_amount', 'discount_amount', 'status', 'sales_channel', 'is_test',
    'source_file', 'malformed_line', 'rejection_reason',
] -%}
with cleaned as (

    {{ cleaned_raw_columns('orders', texts, others, keep_raw=true) }}

),

typed as (

    select
        {{ raw_id('order_id') }} as order_id,
        {{ customer_number('customer_id') }} as customer_id,
        {{ customer_email('customer_id', 'customer_email') }} as customer_email,
        {{ raw_timestamp('ordered_at') }} as ordered_at,
        {{ raw_timestamp('updated_at') }} as updated_at,
        upper(coalesce(currency, '{{ var("reporting_currency") }}')) as currency,
        {{ raw_decimal('amount') }} as amount,
        {{ raw_decimal('refunded_amount', if_empty='0') }} as refunded_amount,
        {{ raw_decimal('discount_amount') }} as discount_amount,
        status,
        sales_channel,
        coalesce({{ raw_boolean('is_test') }}, false) as is_test,
        {% for column in texts + others %}
            raw_{{ column }},
        {% endfor %}
        {% for column in others %}
            {{ column }}_typed,
        {% endfor %}
        source_file,
        malformed_line
    from cleaned

),

known as (

    select
        typed.*,
        {{ is_erased() | indent(8) }} as is_erased
    from typed
    {{ erased_persons('typed') }}

),

-- The order of an erased person stays, of nobody, or is left out (setting erased_orders).
without_erased_persons as (

    select
        {{ unless_erased(personal, 'known') }},
        {% for column in not_personal %}
            known.{{ column }},
        {% endfor %}
        known.is_erased
    from known

),

dated as (

    select
        *,
        {{ email_hash('customer_email') }} as email_hash,
        {{ reporting_date('ordered_at') }} as order_date,
        {{ reporting_date('updated_at') }} as updated_date,
        case when currency <> upper('{{ var("reporting_currency") }}') then currency end as foreign_currency
    from without_erased_persons

),

converted as (

    select
        dated.*,
        rates.rate as exchange_rate
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
            when {{ is_damaged_id('order_id') }} or {{ is_damaged_id('customer_id') }} then 'damaged_id'
            -- An offset can lead out of the calendar: to a day before the year 1.
            when ordered_at is null or order_date < cast('0001-01-01' as date) then 'invalid_ordered_at'
            when order_date > {{ reporting_date(run_at()) }} then 'ordered_in_future'
            when amount is null then 'invalid_amount'
            when amount < 0 then 'negative_amount'
            when refunded_amount is null or refunded_amount < 0 then 'invalid_refund'
            when foreign_currency is not null and exchange_rate is null then 'unknown_currency'
            -- More than fits into net_amount: no shop's order, and it must not stop the run.
            when foreign_currency is not null and {{ converted_amount('amount', 'exchange_rate') }} is null
                then 'invalid_amount'
            {%- if var('erased_orders') == 'removed' %}
                when is_erased then 'erased'
            {%- endif %}
        end as rejection_reason
    from converted

),

-- By its hash a refresh remembers since when a row cannot be used; after some time nothing stays of it but the reason.
hashed as (

    select
        *,
        case when rejection_reason <> 'erased' then {{ row_hash(texts, others) }} end as row_hash
    from judged

),

remembered as (

    select
        hashed.*,
        coalesce(hashed.is_erased and hashed.rejection_reason <> 'erased', false)
        or coalesce({{ is_past_its_days('quarantined_rows.first_seen_on') }}, false) as is_without_values
    from hashed
    left join {{ source('quality', 'quarantined_rows') }} as quarantined_rows
        on hashed.row_hash = quarantined_rows.row_hash

)

select
    {% for column in columns %}
        {%- if column in kept_columns %}
            {{ column }},
        {%- else %}
            case when not is_without_values then {{ masked_text(column) if column == 'malformed_line' else column }} end
                as {{ column }},
        {%- endif %}
    {% endfor %}
    row_hash,
    case when not is_without_values then {{ raw_values_if_rejected(texts, others) }} end as raw_values
from remembered
