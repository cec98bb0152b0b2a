-- Who referred somebody is resolved as the customer of any row is.
with referrals as (

    select
        customer_id as referred_customer_id,
        referrer_number as customer_id,
        referrer_email_hash as email_hash
    from {{ ref('int_customer_versions') }}
    where
        version_rank = 1
        and (referrer_number is not null or referrer_email_hash is not null)

),

resolved as (

    select
        referrals.referred_customer_id,
        {{ resolved_customer_id('referrals') | indent(8) }} as referred_by_customer_id
    from referrals
    {{ identity_of('referrals') | indent(4) }}

)

select
    referred_customer_id as customer_id,
    referred_by_customer_id
from resolved
where referred_customer_id <> referred_by_customer_id
