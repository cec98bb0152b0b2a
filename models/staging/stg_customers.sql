with typed as (

    select
        {{ customer_number('customer_id') }} as customer_id,
        {{ customer_email('customer_id', 'email') }} as email,
        {{ raw_timestamp('created_at') }} as created_at,
        {{ clean_text('acquisition_channel') }} as acquisition_channel,
        {{ clean_text('country') }} as country,
        {{ raw_boolean('marketing_consent') }} as marketing_consent,
        {{ clean_text('referred_by_customer_id') }} as referred_by_customer_id,
        {{ clean_text('loyalty_tier') }} as loyalty_tier,
        {% for column in further_columns_of_customers() %}
            {{ clean_text(column) }} as {{ column }},
        {% endfor %}
        {{ raw_timestamp('updated_at') }} as updated_at,
        source_file
    from {{ source('raw', 'customers') }}

),

versions as (

    select
        *,
        case when customer_id is null and email is null then 'missing_customer_id' end as rejection_reason,
        row_number() over (
            partition by customer_id, case when customer_id is null then {{ lower_case('email') }} end
            order by
                updated_at desc nulls last,
                email desc nulls last,
                created_at desc nulls last,
                acquisition_channel desc nulls last,
                country desc nulls last,
                marketing_consent desc nulls last,
                referred_by_customer_id desc nulls last,
                {% for column in further_columns_of_customers() %}
                    {{ column }} desc nulls last,
                {% endfor %}
                loyalty_tier desc nulls last
        ) as version_rank
    from typed

)

select
    customer_id,
    email,
    created_at,
    acquisition_channel,
    country,
    marketing_consent,
    referred_by_customer_id,
    loyalty_tier,
    {% for column in further_columns_of_customers() %}
        {{ column }},
    {% endfor %}
    updated_at,
    source_file,
    rejection_reason,
    rejection_reason is null and version_rank > 1 as is_superseded
from versions
