{#- Start of every run: for each raw entity a view raw.<entity> with all its columns, whatever the files look like.
    Runs before the models, so that staging, unit tests and other engines see one shape (see models/raw/raw.yml). -#}
{% macro create_raw_entities() %}
    {% if execute %}
        {% set tables = raw_tables() %}
        {#- A shop's own tables are never mixed with the files of the sample. -#}
        {% set folder = env_var('STAMMKUNDE_RAW', '' if tables else 'sample_data/raw') %}
        {% set files = raw_files(folder) if folder else [] %}
        {% do run_query('create schema if not exists raw') %}
        {% for entity in graph.sources.values() if entity.source_name in ['raw', 'intake'] %}
            {% if entity.name in tables %}
                {% do create_raw_entity_from_table(entity, tables[entity.name]) %}
            {% else %}
                {% do create_raw_entity(entity, files, folder) %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{#- Entities that are read from tables of the engine: STAMMKUNDE_RAW_TABLES='orders=shop.orders, customers=shop.customers' -#}
{% macro raw_tables() %}
    {% set entities = graph.sources.values() | selectattr('source_name', 'equalto', 'raw') | map(attribute='name') | list %}
    {% set tables = {} %}
    {% for pair in env_var('STAMMKUNDE_RAW_TABLES', '').split(',') if pair | trim %}
        {% set entity, _, table = pair.partition('=') %}
        {% if entity | trim not in entities or not modules.re.fullmatch('[A-Za-z0-9_.]+', table | trim) %}
            {% do exceptions.raise_compiler_error(
                "STAMMKUNDE_RAW_TABLES must name entities and their tables, as in orders=shop.orders; it has '" ~ pair | trim
                ~ "'. Entities: " ~ entities | join(', ')
            ) %}
        {% endif %}
        {% do tables.update({entity | trim: table | trim}) %}
    {% endfor %}
    {{ return(tables) }}
{% endmacro %}


{% macro create_raw_entity_from_table(entity, table) %}
    {% set reader = "(select *, '" ~ table ~ "' as read_from from " ~ table ~ ") as raw_rows" %}
    {% set present = raw_column_types(reader) %}
    {% do check_required_columns(entity, table, present) %}
    {% do check_dimensions(entity, [present]) %}
    {% do run_query('create or replace view raw.' ~ entity.name ~ ' as\n' ~ select_raw_columns(entity, present, reader)) %}
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
    {% set selects, columns = [], [] %}
    {% for format in ['csv', 'parquet'] if found | selectattr('format', 'equalto', format) | list %}
        {% set paths = found | selectattr('format', 'equalto', format) | map(attribute='path') | list %}
        {% for alike in files_of_same_types(entity, format, paths) %}
            {% do columns.append(alike.columns) %}
            {% do selects.append(select_raw_columns(entity, alike.columns, raw_reader(format, alike.paths))) %}
        {% endfor %}
    {% endfor %}
    {% do check_dimensions(entity, columns) %}
    {% if not selects %}
        {% do selects.append(select_raw_columns(entity, {}, none)) %}
    {% endif %}
    {% do run_query('create or replace view raw.' ~ entity.name ~ ' as\n' ~ selects | join('\nunion all\n')) %}
{% endmacro %}


{#- All CSV and Parquet files of the raw folder, at most one folder deep: path, folder or stem, format. -#}
{% macro raw_files(folder) %}
    {% set found = [] %}
    {% for path, below_folder in list_files(folder.rstrip('/')) %}
        {% set parts = below_folder.split('/') %}
        {% set stem, _, extension = parts[-1].rpartition('.') %}
        {% if extension | lower in ['csv', 'parquet'] and not parts[-1].startswith(('.', '_', '~$')) %}
            {% do found.append({
                'path': path,
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


{#- Files that can be read together, and their columns: those with the same columns and types. Otherwise columns would be joined
    by name over all files, and nobody would see that one file lacks a column. -#}
{% macro files_of_same_types(entity, format, paths) %}
    {% set alike = {} %}
    {% for path in paths %}
        {% set present = raw_column_types(raw_reader(format, [path])) %}
        {% do check_required_columns(entity, path, present) %}
        {% do alike.setdefault(present | string, {'columns': present, 'paths': []}).paths.append(path) %}
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


{#- A dimension that no file carries would have no rows in any mart, as if the shop knew nothing of it: so it is an error. -#}
{% macro check_dimensions(entity, columns_of_files) %}
    {% set known = [] %}
    {% for columns in columns_of_files %}
        {% do known.extend(columns.keys()) %}
    {% endfor %}
    {% for name in (dimensions_of_customers() if entity.name == 'customers' else []) if name not in known %}
        {% do exceptions.raise_compiler_error(
            "setting segment_dimensions (vars in dbt_project.yml, or --vars) names '" ~ name ~ "', which is no column of customers. "
            ~ ('Columns found: ' ~ known | reject('equalto', 'read_from') | unique | join(', ') if known else 'There are no customers.')
        ) %}
    {% endfor %}
{% endmacro %}


{#- The canonical columns of one entity from one reader: the typed value if there is one, else the original text. -#}
{% macro select_raw_columns(entity, present, reader) %}
    {% set expressions = [] %}
    {% for column in entity.columns.values() %}
        {% set source = present.get(column.name) %}
        {% set value = typed_value(source, column.data_type) if source and column.data_type != 'string' else none %}
        {% set text = text_of(source) %}
        {% do expressions.append(
            (text if not value else 'case when ' ~ value ~ ' is null then ' ~ text ~ ' end') ~ ' as ' ~ column.name
        ) %}
        {% if column.data_type != 'string' %}
            {% do expressions.append('cast(' ~ (value or 'null') ~ ' as ' ~ column.data_type ~ ') as ' ~ column.name ~ '_typed') %}
        {% endif %}
    {% endfor %}
    {% for name in (further_columns_of_customers() if entity.name == 'customers' else []) %}
        {% do expressions.append(as_text(present[name].name if name in present else 'null') ~ ' as ' ~ name) %}
    {% endfor %}
    {#- Files that intake has converted have columns for the file of each row and for lines that could not be split. -#}
    {% set source_file = 'source_file' if 'source_file' in present else 'read_from' if reader else 'null' %}
    {% do expressions.append(as_text(source_file) ~ ' as source_file') %}
    {% do expressions.append(as_text('malformed_line' if 'malformed_line' in present else 'null') ~ ' as malformed_line') %}
    {{ return('select\n    ' ~ expressions | join(',\n    ') ~ ('\nfrom ' ~ reader if reader else '\nwhere false')) }}
{% endmacro %}


{#- A typed column as the value that staging works with; none if it has to be parsed from text. -#}
{% macro typed_value(source, data_type) %}
    {% set kind = kind_of_type(source.type | upper) %}
    {% if data_type == 'timestamp' %}
        {% if kind == 'instant' %}
            {{ return(instant_in_utc(source.name)) }}
        {% elif kind in ['date', 'local_time'] %}
            {% set zone = var('reporting_timezone' if kind == 'date' else 'source_timezone') %}
            {{ return('(' ~ to_utc('cast(' ~ source.name ~ ' as timestamp)', zone) ~ ')') }}
        {% endif %}
    {% elif data_type.startswith('decimal') and kind == 'number' %}
        {#- A double is its shortest decimal form: 1.005 lies a little below 1.005. -#}
        {% set number = as_text(source.name) if source.type | upper in ['DOUBLE', 'FLOAT'] else source.name %}
        {{ return('try_cast(' ~ number ~ ' as ' ~ data_type ~ ')') }}
    {% elif data_type == 'boolean' and kind == 'boolean' %}
        {{ return(source.name) }}
    {% endif %}
    {{ return(none) }}
{% endmacro %}


{#- A column of a reader as text. A number is its digits: an id of a spreadsheet arrives as a double, and the engines would
    write 17850.0 or 1.785E7. -#}
{% macro text_of(source) %}
    {% if not source %}
        {{ return(as_text('null')) }}
    {% elif kind_of_type(source.type | upper) != 'number' %}
        {{ return(as_text(source.name)) }}
    {% endif %}
    {% set digits = as_text('try_cast(' ~ source.name ~ ' as decimal(38, 0))') %}
    {{ return(
        'case when ' ~ source.name ~ ' = try_cast(' ~ source.name ~ ' as decimal(38, 0)) then ' ~ digits
        ~ ' else ' ~ as_text(source.name) ~ ' end'
    ) }}
{% endmacro %}


{% macro as_text(expression) %}
    {{ return('cast(' ~ expression ~ ' as ' ~ dbt.type_string() ~ ')') }}
{% endmacro %}
