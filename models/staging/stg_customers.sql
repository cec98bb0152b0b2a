{%- set further_columns = further_columns_of_customers() -%}
{%- set personal = ['customer_id', 'email', 'acquisition_channel', 'country', 'loyalty_tier'] + further_columns -%}
{%- set others = ['created_at', 'marketing_consent', 'updated_at', 'source_file'] -%}
with cleaned as (

    {{ cleaned_raw_columns(
        'customers',
        ['customer_id', 'email', 'acquisition_channel', 'country', 'referred_by_customer_id', 'loyalty_tier'] + further_columns,
        ['created_at', 'marketing_consent', 'updated_at']
    ) }}

),

typed as (

    select
        {{ customer_number('customer_id') }} as customer_id,
        {{ customer_email('customer_id', 'email') }} as email,
        {{ raw_timestamp('created_at') }} as created_at,
        acquisition_channel,
        country,
        {{ raw_boolean('marketing_consent') }} as marketing_consent,
        {{ raw_id_if_whole('referred_by_customer_id') }} as referred_by_customer_id,
        loyalty_tier,
        {% for column in further_columns %}
            {{ column }},
        {% endfor %}
        {{ raw_timestamp('updated_at') }} as updated_at,
        source_file
    from cleaned

),

known as (

    select
        typed.*,
        {{ is_erased() | indent(8) }} as is_erased
    from typed
    {{ erased_persons('typed', email='email') }}

),

-- Of an erased person nothing stays but that there was a row; nor does anybody else's row name whom it was referred by.
without_erased_persons as (

    select
        {{ unless_erased(personal, 'known') }},
        {% for column in others %}
            known.{{ column }},
        {% endfor %}
        case
            when not known.is_erased and not {{ is_erased() | indent(16) }}
                then known.referred_by_customer_id
        end as referrer,
        known.is_erased
    from known
    {{ erased_persons('known', number='referred_by_customer_id', email='referred_by_customer_id') }}

),

judged as (

    select
        *,
        {{ email_hash('email') }} as email_hash,
        {{ known_customer_id('referrer') }} as referred_by_customer_id,
        case when referrer not like '%@%' then {{ known_customer_id('referrer') }} end as referrer_number,
        {{ email_hash(raw_email('referrer')) }} as referrer_email_hash,
        {{ is_after_as_of_date(reporting_date('created_at')) }} as is_after_as_of_date,
        case
            when is_erased then 'erased'
            when customer_id is null and email is null then 'missing_customer_id'
            when {{ is_damaged_id('customer_id') }} then 'damaged_id'
        end as rejection_reason
    from without_erased_persons

),

versions as (

    select
        *,
        row_number() over (
            partition by
                is_after_as_of_date,
                customer_id,
                case when customer_id is null then email_hash end
            order by {{ customer_version_order() }}
        ) as version_rank
    from judged

)

select
    customer_id,
    email,
    email_hash,
    created_at,
    acquisition_channel,
    country,
    marketing_consent,
    referred_by_customer_id,
    referrer_number,
    referrer_email_hash,
    loyalty_tier,
    {% for column in further_columns %}
        {{ column }},
    {% endfor %}
    updated_at,
    source_file,
    is_after_as_of_date,
    rejection_reason,
    rejection_reason is null and not is_after_as_of_date and version_rank > 1 as is_superseded
from versions
