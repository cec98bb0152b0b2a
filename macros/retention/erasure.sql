{#- Persons who were erased (stammkunde forget). The list holds hashes with a key of the warehouse, of which nobody learns who
    is on it: of a number, of a number in lower case, or of an e-mail in lower case. Without the key, which a refresh hands
    over where the list is not empty, nothing is hashed and nobody found. -#}

{#- The joins that is_erased needs, for a relation with a number and an e-mail. -#}
{% macro erased_persons(relation, number='customer_id', email='customer_email') -%}
    left join {{ source('quality', 'suppressed') }} as suppressed_numbers
        on {{ suppression_hash('number', relation ~ '.' ~ number) }} = suppressed_numbers.identifier_hash
    left join {{ source('quality', 'suppressed') }} as suppressed_numbers_in_any_case
        on {{ suppression_hash('number in any case', lower_case(relation ~ '.' ~ number)) }} = suppressed_numbers_in_any_case.identifier_hash
    left join {{ source('quality', 'suppressed') }} as suppressed_emails
        on {{ suppression_hash('email', lower_case(relation ~ '.' ~ email)) }} = suppressed_emails.identifier_hash
{%- endmacro %}

{#- Whether a row is about an erased person, in a query that joins erased_persons. -#}
{% macro is_erased() -%}
    coalesce(
        suppressed_numbers.identifier_hash,
        suppressed_numbers_in_any_case.identifier_hash,
        suppressed_emails.identifier_hash
    ) is not null
{%- endmacro %}

{#- stammkunde/suppression.py makes the same hash. -#}
{% macro suppression_hash(kind, identifier) -%}
    case
        when {{ secret('suppression_key') }} <> ''
            then {{ sha256_of(secret('suppression_key') ~ " || '" ~ kind ~ ":' || " ~ identifier) }}
    end
{%- endmacro %}


{#- Columns without what they say of an erased person. -#}
{% macro unless_erased(columns, relation) -%}
    {%- for column in columns %}
        {%- set value = relation ~ '.' ~ column %}
        case when not {{ relation }}.is_erased then {{ known_customer_id(value) if column == 'customer_id' else value }} end
            as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- Start of every run: dbt alone, without the key, would bring erased persons back into the warehouse. -#}
{% macro check_suppression() %}
    {% if execute %}
        {% set found = run_query(
            'select count(*) from quality.suppressed where ' ~ secret('suppression_key') ~ " = ''"
        ).rows[0][0] %}
        {% if found %}
            {% do exceptions.raise_compiler_error(
                "persons were erased from this warehouse (stammkunde forget), and dbt alone does not know them: run a refresh "
                ~ "(make run), or name the text in " ~ folder_of_refreshes('records') ~ "/key DBT_ENV_SECRET_SUPPRESSION_KEY"
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}
