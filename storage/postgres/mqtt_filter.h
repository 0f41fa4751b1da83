#pragma once

// A topic filter as the database's functions take it (storage/sql/postgres/005_mqtt_tables.sql).

#include <string>
#include <string_view>

#include "storage/mqtt_store.h"
#include "storage/postgres/params.h"

namespace parley::postgres {

// pattern: empty when the filter has no wildcard; then `prefix` is all of it.
struct FilterTerms {
  std::string pattern;  // of topic_matches()
  std::string prefix;
  std::string beyond;  // empty: none
};
// `filter` is valid and not shared.
FilterTerms terms_of(std::string_view filter);
// The part of a shared one that names are matched with; of another one all of it.
std::string_view matched_part(std::string_view filter);

// Three parameters: text, bytea, bytea.
void encode(Params& out, const FilterTerms& terms);

}  // namespace parley::postgres
