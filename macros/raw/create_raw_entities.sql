{#- Start of every run: for each raw entity a view raw.<entity> with all its columns, whatever the files look like.
    Runs before the models, so that staging, unit tests and other engines see one shape (see models/raw/raw.yml). -#}
{% macro create_raw_entities() %}
    {% if execute %}
        {% set folder = env_var('STAMMKUNDE_RAW', 'sample_data/raw') %}
        {% set files = raw_files(folder) %}
        {% do run_query('create schema if not exists raw') %}
        {% for entity in graph.sources.values() if entity.source_name == 'raw' %}
            {% do create_raw_entity(entity, files, folder) %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{% macro create_raw_entity(entity, files, folder) %}
    {% set found = raw_files_of(entity.name, files, folder) %}
    {% if not found and entity.config.meta.get('required') %}
        {% do exceptions.raise_compiler_error(
            "no " ~ entity.name ~ " in the raw folder '" ~ folder ~ "' (STAMMKUNDE_RAW): put " ~ entity.name ~ ".csv, "
            ~ entity.name ~ ".parquet or a folder " ~ entity.name ~ "/ of such files there. A folder with a mapping or with "
            ~ "other formats is read by: make run RAW=" ~ folder
        ) %}
    {% endif %}
    {% set selects = [] %}
    {% for format in ['csv', 'parquet'] if found | selectattr('format', 'equalto', format) | list %}
        {% set paths = found | selectattr('format', 'equalto', format) | map(attribute='path') | list %}
        {% for alike in files_of_same_types(entity, format, paths) %}
            {% set reader = raw_reader(format, alike) %}
            {% do selects.append(select_raw_columns(entity, raw_column_types(reader), reader)) %}
        {% endfor %}
    {% endfor %}
    {% if not selects %}
        {% do selects.append(select_raw_columns(entity, {}, none)) %}
    {% endif %}
    {% do run_query('create or replace view raw.' ~ entity.name ~ ' as\n' ~ selects | join('\nunion all\n')) %}
{% endmacro %}


{#- All CSV and Parquet files of the raw folder, at most one folder deep: path, folder or stem, format. -#}
{% macro raw_files(folder) %}
    {% set found = [] %}
    {% set root = folder.rstrip('/') %}
    {% set listing = run_query(
        "select file from glob('" ~ as_path(root) ~ "/*') union select file from glob('" ~ as_path(root) ~ "/*/*') order by file"
    ) %}
    {% for row in listing.rows %}
        {% set parts = row[0].replace('\\', '/')[root | length + 1:].split('/') %}
        {% set stem, _, extension = parts[-1].rpartition('.') %}
        {% if extension | lower in ['csv', 'parquet'] and not parts[-1].startswith(('.', '_')) %}
            {% do found.append({
                'path': row[0],
                'entity': parts[0] if parts | length == 2 else stem,
                'is_folder': parts | length == 2,
                'format': extension | lower,
            }) %}
        {% endif %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{% macro raw_files_of(entity_name, files, folder) %}
    {% set found = files | selectattr('entity', 'equalto', entity_name) | list %}
    {% set single_files = found | rejectattr('is_folder') | map(attribute='path') | list %}
    {% if single_files and (single_files | length > 1 or found | length > 1) %}
        {% do exceptions.raise_compiler_error(
            "raw entity '" ~ entity_name ~ "' is there more than once in '" ~ folder ~ "': "
            ~ found | map(attribute='path') | join(', ') ~ ". Keep one file, or put all parts into the folder " ~ entity_name ~ "/"
        ) %}
    {% endif %}
    {{ return(found) }}
{% endmacro %}


{#- Lists of files that can be read together. Read together, a column that is typed in one file and text in another would be
    text in both. Each file is judged by itself: columns are joined by name over files, and one file's gap would go unseen. -#}
{% macro files_of_same_types(entity, format, paths) %}
    {% set alike = {} %}
    {% for path in paths %}
        {% set present = raw_column_types(raw_reader(format, [path])) %}
        {% do check_required_columns(entity, path, present) %}
        {% set types = [] %}
        {% for column in entity.columns.values() if present.get(column.name, {}).get('type', 'VARCHAR') != 'VARCHAR' %}
            {% do types.append(column.name ~ ' ' ~ present[column.name]['type']) %}
        {% endfor %}
        {% do alike.setdefault(types | join(', '), []).append(path) %}
    {% endfor %}
    {{ return(alike.values() | list) }}
{% endmacro %}


{% macro check_required_columns(entity, path, present) %}
    {% for column in entity.columns.values() if column.config.meta.get('required') and column.name not in present %}
        {% do exceptions.raise_compiler_error(
            "column '" ~ column.name ~ "' is missing in " ~ path ~ ": " ~ entity.name ~ " cannot be read without it. Columns found: "
            ~ present.keys() | reject('equalto', 'read_from') | join(', ')
        ) %}
    {% endfor %}
{% endmacro %}


{#- Nothing about a CSV file is guessed: a guess about comments or lines to skip would leave out rows without a word. -#}
{% macro raw_reader(format, paths) %}
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


{#- Column names (lower case, without surrounding spaces) with the quoted name and the type that the engine reads. -#}
{% macro raw_column_types(reader) %}
    {% set types = {} %}
    {% for row in run_query('describe select * from ' ~ reader).rows %}
        {% do types.update({row[0] | trim | lower: {'name': '"' ~ row[0].replace('"', '""') ~ '"', 'type': row[1]}}) %}
    {% endfor %}
    {{ return(types) }}
{% endmacro %}


{#- The canonical columns of one entity over one reader: the typed value where there is one, else the text as it came. -#}
{% macro select_raw_columns(entity, present, reader) %}
    {% set expressions = [] %}
    {% for column in entity.columns.values() %}
        {% set source = present.get(column.name) %}
        {% set value = typed_value(source, column.data_type) if source and column.data_type != 'string' else none %}
        {% set text = source.name ~ '::varchar' if source else 'null::varchar' %}
        {% do expressions.append(
            (text if not value else 'case when ' ~ value ~ ' is null then ' ~ text ~ ' end') ~ ' as ' ~ column.name
        ) %}
        {% if column.data_type != 'string' %}
            {% do expressions.append((value or 'null') ~ '::' ~ column.data_type ~ ' as ' ~ column.name ~ '_typed') %}
        {% endif %}
    {% endfor %}
    {#- Files that intake has converted say themselves where a row came from, and keep lines that could not be split. -#}
    {% set source_file = 'source_file' if 'source_file' in present else 'read_from' if reader else 'null' %}
    {% do expressions.append(source_file ~ '::varchar as source_file') %}
    {% do expressions.append(('malformed_line' if 'malformed_line' in present else 'null') ~ '::varchar as malformed_line') %}
    {{ return('select\n    ' ~ expressions | join(',\n    ') ~ ('\nfrom ' ~ reader if reader else '\nwhere false')) }}
{% endmacro %}


{#- A typed column as the value staging works with; none where it has to be read from text. -#}
{% macro typed_value(source, data_type) %}
    {% if data_type == 'timestamp' %}
        {% if source.type == 'DATE' %}
            {{ return('(' ~ to_utc(source.name ~ '::timestamp', var('reporting_timezone')) ~ ')') }}
        {% elif source.type == 'TIMESTAMP WITH TIME ZONE' %}
            {{ return("timezone('UTC', " ~ source.name ~ ')') }}
        {% elif source.type.startswith('TIMESTAMP') %}
            {{ return('(' ~ to_utc(source.name ~ '::timestamp', var('source_timezone')) ~ ')') }}
        {% endif %}
    {% elif data_type.startswith('decimal') %}
        {% if source.type.startswith('DECIMAL') or source.type in [
            'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'FLOAT', 'DOUBLE'
        ] %}
            {{ return('try_cast(' ~ source.name ~ ' as ' ~ data_type ~ ')') }}
        {% endif %}
    {% elif data_type == 'boolean' and source.type == 'BOOLEAN' %}
        {{ return(source.name) }}
    {% endif %}
    {{ return(none) }}
{% endmacro %}


{#- A path as a literal; *, ? and [ in it are part of the name, not a pattern. -#}
{% macro as_path(path) %}
    {{ return(path.replace("'", "''").replace('[', '[[]').replace('*', '[*]').replace('?', '[?]')) }}
{% endmacro %}
