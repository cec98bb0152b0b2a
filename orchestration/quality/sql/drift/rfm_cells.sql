-- How customers are spread over the RFM cells.
with built as (

    select
        r_score,
        f_score,
        count(*) as customers
    from customers
    group by
        r_score,
        f_score

),

earlier as (

    select
        r_score,
        f_score,
        count(*) as customers
    from customers_before
    group by
        r_score,
        f_score

),

shares as (

    select
        share_of_all(built.customers) as share_now,
        share_of_all(earlier.customers) as share_before
    from built
    full outer join earlier
        on
            built.r_score = earlier.r_score
            and built.f_score = earlier.f_score

)

select
    'RFM cells' as distribution,
    count(*) as classes,
    stability_index(share_now, share_before) as stability_index
from shares
