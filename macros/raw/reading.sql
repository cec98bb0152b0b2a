{#- How an engine lists and reads the raw files, and what it calls the types it finds in them. -#}

{#- The files of a folder and of the folders in it: pairs of the path and the part of it below the folder. -#}
{% macro list_files(folder) %}
    {{ return(adapter.dispatch('list_files', 'stammkunde')(folder)) }}
{% endmacro %}

{% macro default__list_files(folder) %}
    {% set found = [] %}
    {% set listing = run_query(
        "select file from glob('" ~ as_path(folder) ~ "/*') union select file from glob('" ~ as_path(folder) ~ "/*/*') order by file"
    ) %}
    {% for row in listing.rows %}
        {% do found.append((row[0], row[0].replace('\\', '/')[folder | length + 1:])) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{#- Spark can list files only through this reader, of which only the path is read. It gives complete addresses
    (file:/..., s3a://...), however the folder was named. -#}
{% macro spark__list_files(folder) %}
    {% set found = [] %}
    {% set name = '/' ~ modules.re.sub('^([a-z0-9]+:)?[./]*', '', folder) ~ '/' %}
    {% for row in run_query('select path from binaryFile.`' ~ as_path(folder) ~ '/*` order by path').rows %}
        {% do found.append((row[0], row[0].rpartition(name)[2])) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{#- Whether a file that refreshes keep is there. -#}
{% macro state_file_exists(path) %}
    {{ return(adapter.dispatch('state_file_exists', 'stammkunde')(path)) }}
{% endmacro %}

{% macro default__state_file_exists(path) %}
    {{ return(run_query("select file from glob('" ~ as_path(path) ~ "')").rows | length > 0) }}
{% endmacro %}

{#- Spark cannot test whether a file exists. A refresh has written all of them; a dbt run alone works without them. -#}
{% macro spark__state_file_exists(path) %}
    {{ return(env_var('STAMMKUNDE_BUILD_ID', '') != '') }}
{% endmacro %}


{#- The text after `from` that reads files: their columns and `read_from`, the file. Nothing about a CSV file is guessed,
    because a guess about comments or lines to skip would silently leave out rows; a line that does not have the columns of
    the header is an error. -#}
{% macro raw_reader(format, paths) %}
    {{ return(adapter.dispatch('raw_reader', 'stammkunde')(format, paths)) }}
{% endmacro %}

{% macro default__raw_reader(format, paths) %}
    {% set quoted_paths = [] %}
    {% for path in paths %}
        {% do quoted_paths.append("'" ~ as_path(path) ~ "'") %}
    {% endfor %}
    {% set list = '[' ~ quoted_paths | join(', ') ~ ']' %}
    {% if format == 'parquet' %}
        {{ return('read_parquet(' ~ list ~ ", union_by_name = true, filename = 'read_from')") }}
    {% endif %}
    {{ return(
        'read_csv(' ~ list ~ ", all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', "
        ~ "comment = '', skip = 0, null_padding = false, max_line_size = 4194304, union_by_name = true, filename = 'read_from')"
    ) }}
{% endmacro %}

{#- Several files, which always lie in one folder, are one pattern: folder/{a,b}. -#}
{% macro spark__raw_reader(format, paths) %}
    {% set names = [] %}
    {% for path in paths %}
        {% do names.append(as_path(path).rpartition('/')[2]) %}
    {% endfor %}
    {% set folder = as_path(paths[0]).rpartition('/')[0] %}
    {% set files = folder ~ '/' ~ (names[0] if names | length == 1 else '{' ~ names | join(',') ~ '}') %}
    {% set options = "" if format == 'parquet' else " with (header = 'true', multiLine = 'true', escape = '\"', mode = 'FAILFAST')" %}
    {{ return('(select *, _metadata.file_path as read_from from ' ~ format ~ '.`' ~ files ~ '`' ~ options ~ ')') }}
{% endmacro %}


{#- The text after `from` that reads all Parquet files of a folder, none of those in it that have another ending. -#}
{% macro parquet_folder_reader(folder) %}
    {{ return(adapter.dispatch('parquet_folder_reader', 'stammkunde')(folder)) }}
{% endmacro %}

{% macro default__parquet_folder_reader(folder) %}
    {{ return("read_parquet('" ~ as_path(folder) ~ "/*.parquet')") }}
{% endmacro %}

{% macro spark__parquet_folder_reader(folder) %}
    {{ return('parquet.`' ~ as_path(folder) ~ '/*.parquet`') }}
{% endmacro %}


{#- Column names (lower case, without surrounding spaces) with the quoted name and the type that the engine reads. -#}
{% macro raw_column_types(reader) %}
    {{ return(adapter.dispatch('raw_column_types', 'stammkunde')(reader)) }}
{% endmacro %}

{% macro default__raw_column_types(reader) %}
    {% set types = {} %}
    {% for row in run_query('describe select * from ' ~ reader).rows %}
        {% do types.update({row[0] | trim | lower: {'name': '"' ~ row[0].replace('"', '""') ~ '"', 'type': row[1]}}) %}
    {% endfor %}
    {{ return(types) }}
{% endmacro %}

{% macro spark__raw_column_types(reader) %}
    {% set types = {} %}
    {% for row in run_query('describe query select * from ' ~ reader).rows %}
        {% do types.update({row[0] | trim | lower: {'name': '`' ~ row[0].replace('`', '``') ~ '`', 'type': row[1]}}) %}
    {% endfor %}
    {{ return(types) }}
{% endmacro %}


{#- What a type of the engine (in upper case) means: number, boolean, date, instant, local_time (a timestamp without a
    zone); none for text and everything else. -#}
{% macro kind_of_type(type) %}
    {{ return(adapter.dispatch('kind_of_type', 'stammkunde')(type)) }}
{% endmacro %}

{% macro default__kind_of_type(type) %}
    {% set numbers = [
        'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'FLOAT', 'DOUBLE',
    ] %}
    {{ return(
        'number' if type in numbers or type.startswith('DECIMAL')
        else type | lower if type in ['BOOLEAN', 'DATE']
        else 'instant' if type == 'TIMESTAMP WITH TIME ZONE'
        else 'local_time' if type.startswith('TIMESTAMP')
    ) }}
{% endmacro %}

{% macro spark__kind_of_type(type) %}
    {% set numbers = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'FLOAT', 'DOUBLE'] %}
    {{ return(
        'number' if type in numbers or type.startswith('DECIMAL')
        else type | lower if type in ['BOOLEAN', 'DATE']
        else {'TIMESTAMP': 'instant', 'TIMESTAMP_NTZ': 'local_time'}.get(type)
    ) }}
{% endmacro %}


{#- A path inside a literal; *, ? and [ in it are part of the name, not a pattern. -#}
{% macro as_path(path) %}
    {{ return(adapter.dispatch('as_path', 'stammkunde')(path)) }}
{% endmacro %}

{% macro default__as_path(path) %}
    {{ return(path.replace("'", "''").replace('[', '[[]').replace('*', '[*]').replace('?', '[?]')) }}
{% endmacro %}

{#- Spark always reads these characters as a pattern, which could match other files, too. -#}
{% macro spark__as_path(path) %}
    {% if modules.re.search('[][{}*?,\\\\]', path) %}
        {% do exceptions.raise_compiler_error("Spark cannot read '" ~ path ~ "': rename it without any of [ ] { } * ? , \\") %}
    {% endif %}
    {{ return(path.replace('`', '``')) }}
{% endmacro %}
