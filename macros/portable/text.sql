{#- Text as it is compared everywhere: without surrounding spaces, tabs and line ends; blank is null. -#}
{% macro clean_text(expression) -%}
    {{ return(adapter.dispatch('clean_text', 'stammkunde')(expression)) }}
{%- endmacro %}

{#- DuckDB trims anything but spaces letter by letter, which costs as much as all else in staging: only what begins or ends
    with a character up to the space is trimmed. The empty text is less than '!', too. -#}
{% macro default__clean_text(expression) -%}
    case
        when {{ expression }} < '!' or right({{ expression }}, 1) < '!'
            then nullif(trim(both ' ' || chr(9) || chr(10) || chr(13) from {{ expression }}), '')
        else {{ expression }}
    end
{%- endmacro %}

{% macro spark__clean_text(expression) -%}
    nullif(trim(both ' ' || chr(9) || chr(10) || chr(13) from {{ expression }}), '')
{%- endmacro %}


{#- A text as a literal. -#}
{% macro text_literal(text) -%}
    {{ return(adapter.dispatch('text_literal', 'stammkunde')(text | string)) }}
{%- endmacro %}

{% macro default__text_literal(text) -%}
    '{{ text.replace("'", "''") }}'
{%- endmacro %}

{#- On Spark a backslash begins an escape. -#}
{% macro spark__text_literal(text) -%}
    '{{ text.replace("\\", "\\\\").replace("'", "\\'") }}'
{%- endmacro %}


{#- Text in lower case, letter by letter. -#}
{% macro lower_case(expression) -%}
    {{ return(adapter.dispatch('lower_case', 'stammkunde')(expression)) }}
{%- endmacro %}

{% macro default__lower_case(expression) -%}
    lower({{ expression }})
{%- endmacro %}

{#- Java lowers two letters in another way: one depending on the letters around it, one to two characters. -#}
{% macro spark__lower_case(expression) -%}
    lower(translate({{ expression }}, 'Σİ', 'σi'))
{%- endmacro %}


{#- Whether the whole text has the form of a regular expression (only syntax that RE2 and Java share). -#}
{% macro has_form(expression, pattern) -%}
    {{ return(adapter.dispatch('has_form', 'stammkunde')(expression, pattern)) }}
{%- endmacro %}

{% macro default__has_form(expression, pattern) -%}
    regexp_full_match({{ expression }}, '{{ pattern }}')
{%- endmacro %}

{#- Not `$` at the end: in Java it also matches before a line end. -#}
{% macro spark__has_form(expression, pattern) -%}
    {{ expression }} rlike '^({{ pattern }})(?!(?s:.))'
{%- endmacro %}


{#- Cleaned text to a decimal, rounded half away from zero; null where it is not plain digits with an optional sign and point. -#}
{% macro decimal_from_text(expression, data_type) -%}
    case
        when {{ has_form(expression, '-?[0-9]+([.][0-9]+)?') }}
            then try_cast({{ expression }} as {{ data_type }})
    end
{%- endmacro %}


{#- Cleaned text to a boolean: the usual spellings of yes are true, anything else is false, null stays null. -#}
{% macro boolean_from_text(expression) -%}
    lower({{ expression }}) in ('true', 't', '1', 'yes', 'y')
{%- endmacro %}


{#- Body of a CTE: rows of texts as a table. -#}
{% macro table_of_texts(columns, rows) -%}
    select
        {%- for column in columns %}
        texts.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        values
        {%- for row in rows %}
        ({% for text in row %}{{ text_literal(text) }}{{ ', ' if not loop.last }}{% endfor %}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as texts ({{ columns | join(', ') }})
{%- endmacro %}
