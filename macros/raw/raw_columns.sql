{#- What staging reads of a raw column, from its cleaned text (clean_raw_columns) or, where a value arrived typed, from
    <column>_typed. -#}
{% macro raw_timestamp(column) -%}
    coalesce({{ column }}_typed, {{ timestamp_from_text(column) }})
{%- endmacro %}

{#- A number; `if_empty` is what an empty value means, where it is not null. -#}
{% macro raw_decimal(column, data_type='decimal(18, 4)', if_empty=none) -%}
    coalesce(
        {{ column }}_typed,
        {{ decimal_from_text(column, data_type) }}
        {%- if if_empty is not none %},
        case when {{ column }} is null then {{ if_empty }} end
        {%- endif %}
    )
{%- endmacro %}

{% macro raw_boolean(column) -%}
    coalesce({{ column }}_typed, {{ boolean_from_text(column) }})
{%- endmacro %}


{#- An id: a whole number without the decimals that a spreadsheet or pandas gave it. Null for texts that mean no id. -#}
{% macro raw_id(column) -%}
    case when not {{ is_missing_value(whole_number(column)) }} then {{ whole_number(column) }} end
{%- endmacro %}

{% macro whole_number(column) -%}
    case
        when right({{ column }}, 1) = '0' and {{ has_form(column, '-?[0-9]+[.]0+') }}
            then regexp_replace({{ column }}, '[.]0+$', '')
        else {{ column }}
    end
{%- endmacro %}

{#- An id that identifies a row and not a customer or order: null where it is damaged, as rows of one rounded number are
    not one row. -#}
{% macro raw_id_if_whole(column) -%}
    case when not {{ is_damaged_id(column) }} then {{ raw_id(column) }} end
{%- endmacro %}

{#- Whether an id is a number in exponent form, as spreadsheets leave long numbers: its last digits are lost. -#}
{% macro is_damaged_id(expression) -%}
    (
        ({{ expression }} like '%E%' or {{ expression }} like '%e%')
        and {{ has_form(expression, '-?[0-9]+([.,][0-9]+[Ee][+-]?[0-9]+|[Ee][+-][0-9]+)') }}
    )
{%- endmacro %}


{#- A column for customer numbers may hold e-mails: the number of a row, and its e-mail, which may have a column of its
    own. -#}
{% macro customer_number(column) -%}
    case when {{ column }} not like '%@%' then {{ raw_id(column) }} end
{%- endmacro %}

{% macro customer_email(number_column, email_column=none) -%}
    {%- if email_column -%}
    coalesce({{ raw_email(number_column) }}, {{ raw_email(email_column) }})
    {%- else -%}
    {{ raw_email(number_column) }}
    {%- endif -%}
{%- endmacro %}

{#- An e-mail: null for a text that has not exactly one @ between other characters, and for texts that mean none. -#}
{% macro raw_email(column) -%}
    case
        when {{ column }} like '_%@_%' and {{ column }} not like '%@%@%' and not {{ is_missing_value(column) }}
            then {{ composed(column) }}
    end
{%- endmacro %}


{#- Body of a CTE: columns of a raw entity with their texts cleaned; the others have <column>_typed beside them. Of rows that
    may be quarantined the texts are kept as they came, too: as raw_<column>. Columns are named and not taken from
    models/raw/raw.yml, as unit tests know nothing of sources but their own rows. -#}
{% macro cleaned_raw_columns(entity, texts, others=[], keep_raw=false) -%}
    select
        {%- for column in texts + others %}
        {{ clean_text(column) | indent(4) }} as {{ column }},
        {%- if column in others %}
        {{ column }}_typed,
        {%- endif %}
        {%- if keep_raw %}
        {{ column }} as raw_{{ column }},
        {%- endif %}
        {%- endfor %}
        {%- if keep_raw %}
        malformed_line,
        {%- endif %}
        source_file
    from {{ source('raw', entity) }}
{%- endmacro %}


{#- The raw values of a row as text by the column's name, without e-mails and telephone numbers. -#}
{% macro raw_values(texts, others) -%}
    {%- set found = {} -%}
    {%- for column in texts -%}
        {%- do found.update({column: masked_value(column, 'raw_' ~ column)}) -%}
    {%- endfor -%}
    {%- for column in others -%}
        {%- do found.update({column: masked_value(column, 'coalesce(raw_' ~ column ~ ', ' ~ as_text(column ~ '_typed') ~ ')')}) -%}
    {%- endfor -%}
    {{ map_of_texts(found) }}
{%- endmacro %}

{#- Those of rejected rows alone: nobody looks at them in any other row. One column, as twelve that are almost always null
    cost a tenth of the model. -#}
{% macro raw_values_if_rejected(texts, others) -%}
    case when rejection_reason <> 'erased' then {{ raw_values(texts, others) }} end
{%- endmacro %}
