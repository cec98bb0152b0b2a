{#- Text as it is compared everywhere: without white space at its ends; null where nothing is left, and for the words that
    databases and spreadsheets write for nothing. Most texts begin and end with a letter or sign of ASCII: they have nothing to
    trim, and only the others are searched, which costs ten times as much. -#}
{% macro clean_text(expression) -%}
    case
        when {{ expression }} < '!' or {{ expression }} > '~~' or right({{ expression }}, 1) not between '!' and '~'
            then case
                when not {{ has_form(expression, '(?i)' ~ white_space() ~ '*(' ~ words_for_nothing() | join('|') ~ ')?' ~ white_space() ~ '*') }}
                    then {{ trimmed(expression) }}
            end
        when {{ is_shorter_than(expression, 5) }} and {{ has_form(expression, '(?i)(' ~ words_for_nothing() | join('|') ~ ')') }}
            then null
        else {{ expression }}
    end
{%- endmacro %}

{#- Whether a text has fewer bytes: the quickest question about it, asked before a slow one. -#}
{% macro is_shorter_than(expression, bytes) -%}
    {{ return(adapter.dispatch('is_shorter_than', 'stammkunde')(expression, bytes)) }}
{%- endmacro %}

{% macro default__is_shorter_than(expression, bytes) -%}
    strlen({{ expression }}) < {{ bytes }}
{%- endmacro %}

{% macro spark__is_shorter_than(expression, bytes) -%}
    octet_length({{ expression }}) < {{ bytes }}
{%- endmacro %}


{#- As a regular expression: Unicode's White_Space and the characters without a width. -#}
{% macro white_space() -%}
    {{ return('[\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200d}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{2060}\\x{3000}\\x{feff}]') }}
{%- endmacro %}

{% macro words_for_nothing() -%}
    {{ return(['\\\\N', 'NULL', 'NaN', '#N/A', '#NV']) }}
{%- endmacro %}

{#- Without white space at its ends. -#}
{% macro trimmed(expression) -%}
    {{ return(adapter.dispatch('trimmed', 'stammkunde')(expression)) }}
{%- endmacro %}

{% macro default__trimmed(expression) -%}
    regexp_replace({{ expression }}, {{ text_literal('^' ~ white_space() ~ '+|' ~ white_space() ~ '+\\z') }}, '', 'g')
{%- endmacro %}

{% macro spark__trimmed(expression) -%}
    regexp_replace({{ expression }}, {{ text_literal('^' ~ white_space() ~ '+|' ~ white_space() ~ '+\\z') }}, '')
{%- endmacro %}


{#- A text in which everything that has the form of a regular expression, at its start or after what `before` matches, is
    another text. -#}
{% macro replaced_form(expression, before, pattern, replacement) -%}
    {{ return(adapter.dispatch('replaced_form', 'stammkunde')(expression, before, pattern, replacement)) }}
{%- endmacro %}

{% macro default__replaced_form(expression, before, pattern, replacement) -%}
    regexp_replace({{ expression }}, {{ text_literal('(^|' ~ before ~ ')' ~ pattern) }}, {{ text_literal('\\1' ~ replacement) }}, 'g')
{%- endmacro %}

{% macro spark__replaced_form(expression, before, pattern, replacement) -%}
    regexp_replace({{ expression }}, {{ text_literal('(^|' ~ before ~ ')' ~ pattern) }}, {{ text_literal('$1' ~ replacement) }})
{%- endmacro %}


{#- The first part of a text that has the form of a regular expression, or of one of its groups; empty where none has. -#}
{% macro found_form(expression, pattern, group) -%}
    regexp_extract({{ expression }}, {{ text_literal(pattern) }}, {{ group }})
{%- endmacro %}


{#- A text in which another one stands wherever a part was; as it is where that part is empty. -#}
{% macro replaced_text(expression, part, replacement) -%}
    replace({{ expression }}, {{ part }}, {{ replacement }})
{%- endmacro %}


{#- How often a single character stands in a text. -#}
{% macro times_in_text(expression, character) -%}
    (length({{ expression }}) - length(replace({{ expression }}, {{ character }}, '')))
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
    regexp_full_match({{ expression }}, {{ text_literal(pattern) }})
{%- endmacro %}

{#- Not `$` at the end: in Java it also matches before a line end. -#}
{% macro spark__has_form(expression, pattern) -%}
    {{ expression }} rlike {{ text_literal('^(' ~ pattern ~ ')(?!(?s:.))') }}
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
    {{ has_form(expression, '(?i)(true|t|yes|y|ja|j|wahr|1([.]0+)?)') }}
{%- endmacro %}


{#- Text in Unicode's composed form: a letter with its accent is one character. -#}
{% macro composed(expression) -%}
    {{ return(adapter.dispatch('composed', 'stammkunde')(expression)) }}
{%- endmacro %}

{% macro default__composed(expression) -%}
    nfc_normalize({{ expression }})
{%- endmacro %}

{#- Spark has no function for it. The letters of European languages (Latin-1, Latin Extended-A) are composed here. -#}
{% macro spark__composed(expression) -%}
    {%- set letters = {
        '\u0300': ('AEINOUaeinou', 'ÀÈÌǸÒÙàèìǹòù'),
        '\u0301': ('AEIOUYaeiouyCcLlNnRrSsZz', 'ÁÉÍÓÚÝáéíóúýĆćĹĺŃńŔŕŚśŹź'),
        '\u0302': ('AEIOUaeiouCcGgHhJjSsWwYy', 'ÂÊÎÔÛâêîôûĈĉĜĝĤĥĴĵŜŝŴŵŶŷ'),
        '\u0303': ('ANOanoIiUu', 'ÃÑÕãñõĨĩŨũ'),
        '\u0304': ('AaEeIiOoUu', 'ĀāĒēĪīŌōŪū'),
        '\u0306': ('AaEeGgIiOoUu', 'ĂăĔĕĞğĬĭŎŏŬŭ'),
        '\u0307': ('CcEeGgIZz', 'ĊċĖėĠġİŻż'),
        '\u0308': ('AEIOUaeiouyY', 'ÄËÏÖÜäëïöüÿŸ'),
        '\u030a': ('AaUu', 'ÅåŮů'),
        '\u030b': ('OoUu', 'ŐőŰű'),
        '\u030c': ('CcDdEeNnRrSsTtZz', 'ČčĎďĚěŇňŘřŠšŤťŽž'),
        '\u0327': ('CcGKkLlNnRrSsTt', 'ÇçĢĶķĻļŅņŖŗŞşŢţ'),
        '\u0328': ('AaEeIiUu', 'ĄąĘęĮįŲų'),
    } -%}
    {%- set found = namespace(sql=expression) -%}
    {%- for mark, (plain, with_mark) in letters.items() -%}
        {%- for letter in plain -%}
            {%- set found.sql = "replace(" ~ found.sql ~ ", '" ~ letter ~ mark ~ "', '" ~ with_mark[loop.index0] ~ "')" -%}
        {%- endfor -%}
    {%- endfor -%}
    case when {{ has_form(expression, '[\\x{1}-\\x{7f}]*') }} then {{ expression }} else {{ found.sql }} end
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
