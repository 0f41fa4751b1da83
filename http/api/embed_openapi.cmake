# cmake -D INPUT=openapi.json -D OUTPUT=openapi_document.cpp -P embed_openapi.cmake: the file's bytes as a C++ array.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
string(REPLACE "'\\x0a'," "'\\x0a',\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"http/api/openapi.h\"

namespace parley::api {

namespace {
constexpr char document[] = {
${bytes}
};
}  // namespace

std::string_view openapi_document() { return {document, sizeof document}; }

}  // namespace parley::api
")
