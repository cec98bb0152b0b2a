{%- set full_score = audit_scores() | last -%}
with points as (

    select points.*
    from {{ ref('int_audit_points') }} as points
    inner join {{ ref('int_as_of') }} as as_of
        on as_of.first_order_date is not null

),

asked as (

    select
        audit_point,
        measure,
        1 as place
    from points
    where measure is not null
    union all
    select
        audit_point,
        and_measure as measure,
        2 as place
    from points
    where and_measure is not null

),

-- Of two measures of a point the one with the lower score decides.
measured as (

    select
        measures.*,
        asked.audit_point,
        asked.place,
        row_number() over (
            partition by asked.audit_point
            order by
                measures.score nulls last,
                asked.place
        ) = 1 as decides
    from asked
    inner join {{ ref('int_audit_measures') }} as measures
        on asked.measure = measures.measure

),

evidence as (

    select
        audit_point,
        max(case when place = 1 then evidence_en end)
        || coalesce(' ' || max(case when place = 2 then evidence_en end), '') as evidence_en,
        max(case when place = 1 then evidence_de end)
        || coalesce(' ' || max(case when place = 2 then evidence_de end), '') as evidence_de
    from measured
    group by audit_point

),

scores_by_hand as (

    select
        audit_point,
        score,
        scored_on,
        'Scored by hand on ' || {{ date_in_words('scored_on', 'en') }} || ' by ' || scored_by
        || coalesce(': ' || note, '') || case when note like '%.' then '' else '.' end as evidence_en,
        'Von Hand bewertet am ' || {{ date_in_words('scored_on', 'de') }} || ' von ' || scored_by
        || coalesce(': ' || note, '') || case when note like '%.' then '' else '.' end as evidence_de
    from {{ ref('int_audit_scores_by_hand') }}
    where is_latest

),

scored as (

    select
        points.*,
        measured.measure as decisive_measure,
        measured.measured_part,
        measured.measured_whole,
        measured.measured_share,
        measured.from_date,
        measured.to_date,
        case
            when measured.score is not null then 'measured'
            when scores_by_hand.score is not null then 'by_hand'
            else 'not_scored'
        end as how_scored,
        coalesce(measured.score, scores_by_hand.score) as audit_score,
        case when measured.score is null then scores_by_hand.scored_on end as scored_on,
        case
            when measured.score is null and scores_by_hand.score is not null
                then coalesce(evidence.evidence_en || ' ', '') || scores_by_hand.evidence_en
            else
                coalesce(
                    evidence.evidence_en,
                    'To be scored by hand in seeds/audit_scores_by_hand.csv; not scored yet.'
                )
        end as evidence_en,
        case
            when measured.score is null and scores_by_hand.score is not null
                then coalesce(evidence.evidence_de || ' ', '') || scores_by_hand.evidence_de
            else
                coalesce(
                    evidence.evidence_de,
                    'Von Hand zu bewerten, in seeds/audit_scores_by_hand.csv; noch nicht bewertet.'
                )
        end as evidence_de
    from points
    left join measured
        on
            points.audit_point = measured.audit_point
            and measured.decides
    left join evidence
        on points.audit_point = evidence.audit_point
    left join scores_by_hand
        on points.audit_point = scores_by_hand.audit_point

)

select
    cast(row_number() over (order by audit_score nulls last, audit_point) as bigint) as audit_rank,
    audit_point,
    area,
    area_en,
    area_de,
    question_en,
    question_de,
    audit_score,
    {{ full_score }} as max_score,
    how_scored,
    decisive_measure,
    measured_part,
    measured_whole,
    measured_share,
    from_date,
    to_date,
    scored_on,
    evidence_en,
    evidence_de,
    full_score_en,
    full_score_de,
    first_step_en,
    first_step_de
from scored
