#include "http/negotiation.h"

#include "http/text.h"

namespace parley::http {

namespace {

// "gzip;q=0.5": the name, and the weight in thousandths. A malformed weight counts as 0.
std::string_view split_weight(std::string_view element, int& weight) {
  weight = 1000;
  std::string_view name;
  if (!next_element(element, name, ';')) return {};
  for (std::string_view parameter; next_element(element, parameter, ';');) {
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos || !equals_ignoring_case(trim(parameter.substr(0, equals)), "q")) continue;
    weight = parse_weight(trim(parameter.substr(equals + 1)));
    if (weight < 0) weight = 0;
  }
  return name;
}

}  // namespace

int encoding_weight(std::string_view accept, std::string_view coding) {
  int any = -1;
  for (std::string_view element; next_element(accept, element);) {
    int weight = 0;
    const std::string_view name = split_weight(element, weight);
    if (equals_ignoring_case(name, coding) || (coding == "gzip" && equals_ignoring_case(name, "x-gzip"))) return weight;
    if (name == "*") any = weight;
  }
  if (coding != "identity") return any > 0 ? any : 0;
  return any < 0 ? 1 : any;
}

bool accepts_html(std::string_view accept) {
  for (std::string_view element; next_element(accept, element);) {
    int weight = 0;
    if (equals_ignoring_case(split_weight(element, weight), "text/html")) return weight > 0;
  }
  return false;
}

bool etag_matches(std::string_view list, std::string_view etag, bool weak) {
  if (trim(list) == "*") return true;
  for (std::string_view element; next_element(list, element);) {
    if (element.starts_with("W/")) {
      if (!weak) continue;
      element.remove_prefix(2);
    }
    if (element == etag) return true;
  }
  return false;
}

}  // namespace parley::http
