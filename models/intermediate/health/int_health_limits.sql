with limits as (

    select
        max(case when component = 'purchase' and level = 'score_5' then value end) as purchase_score_5,
        max(case when component = 'purchase' and level = 'score_4' then value end) as purchase_score_4,
        max(case when component = 'purchase' and level = 'score_3' then value end) as purchase_score_3,
        max(case when component = 'purchase' and level = 'score_2' then value end) as purchase_score_2,
        max(case when component = 'engagement' and level = 'score_5' then value end) as engagement_score_5,
        max(case when component = 'engagement' and level = 'score_4' then value end) as engagement_score_4,
        max(case when component = 'engagement' and level = 'score_3' then value end) as engagement_score_3,
        max(case when component = 'email' and level = 'opened_3' then value end) as email_opened_3,
        max(case when component = 'email' and level = 'opened_2' then value end) as email_opened_2,
        max(case when component = 'email' and level = 'opened_1' then value end) as email_opened_1,
        max(case when component = 'email' and level = 'opened_0' then value end) as email_opened_0,
        max(case when component = 'survey' and level = 'score_5' then value end) as survey_score_5,
        max(case when component = 'survey' and level = 'score_4' then value end) as survey_score_4,
        max(case when component = 'survey' and level = 'score_3' then value end) as survey_score_3,
        max(case when component = 'survey' and level = 'score_2' then value end) as survey_score_2,
        max(case when component = 'payment' and level = 'failed_0' then value end) as payment_failed_0,
        max(case when component = 'payment' and level = 'failed_1' then value end) as payment_failed_1,
        max(case when component = 'payment' and level = 'failed_more' then value end) as payment_failed_more,
        max(case when component = 'band' and level = 'healthy' then value end) as band_healthy,
        max(case when component = 'band' and level = 'watch' then value end) as band_watch
    from {{ ref('health_thresholds') }}

),

weights as (

    select
        max(case when component = 'purchase' then weight end) as purchase_weight,
        max(case when component = 'engagement' then weight end) as engagement_weight,
        max(case when component = 'email' then weight end) as email_weight,
        max(case when component = 'support' then weight end) as support_weight,
        max(case when component = 'survey' then weight end) as survey_weight,
        max(case when component = 'payment' then weight end) as payment_weight
    from {{ ref('health_weights') }}

)

select
    limits.purchase_score_5,
    limits.purchase_score_4,
    limits.purchase_score_3,
    limits.purchase_score_2,
    limits.engagement_score_5,
    limits.engagement_score_4,
    limits.engagement_score_3,
    limits.email_opened_3,
    limits.email_opened_2,
    limits.email_opened_1,
    limits.email_opened_0,
    limits.survey_score_5,
    limits.survey_score_4,
    limits.survey_score_3,
    limits.survey_score_2,
    limits.payment_failed_0,
    limits.payment_failed_1,
    limits.payment_failed_more,
    limits.band_healthy,
    limits.band_watch,
    weights.purchase_weight,
    weights.engagement_weight,
    weights.email_weight,
    weights.support_weight,
    weights.survey_weight,
    weights.payment_weight
from limits
cross join weights
