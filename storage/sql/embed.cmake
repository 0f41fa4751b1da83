# Turns numbered migrations (NNN_name.sql, in FOLDER) into one C++ source, OUTPUT, that defines the array NAME of
# parley::Migration (storage/migration.h), ascending. Run with cmake -P.
file(GLOB files ${FOLDER}/*.sql)
list(SORT files)
set(rows "")
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  string(REGEX MATCH "^[0-9]+" number ${name})
  string(REGEX REPLACE "^0+" "" number ${number})
  file(READ ${file} text)
  string(APPEND rows "    {${number}, \"${name}\", R\"__sql__(${text})__sql__\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Generated from ${FOLDER} by storage/sql/embed.cmake.
#include \"storage/migration.h\"

namespace parley {

static const Migration rows[] = {
${rows}};
const std::span<const Migration> ${NAME}(rows);

}  // namespace parley
")
