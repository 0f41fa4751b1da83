#pragma once

// Which handler answers a method and a path.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace parley::http {

// What a route captured from the path, percent-decoded: "{room}" in the pattern gives params["room"].
using Params = std::map<std::string, std::string, std::less<>>;
using Handler = UniqueFunction<void(Request request, Params params, Responder respond)>;

class Router {
 public:
  // `pattern` is a path whose segments are words or "{name}" (exactly one segment). A later route of the same method and pattern
  // is a defect (assert).
  void add(Method method, std::string_view pattern, Handler handler);
  // Answers paths that no pattern matches (static files, the single page's index).
  void set_fallback(Handler handler);

  // Calls the handler. HEAD goes to GET's handler (the connection leaves the body out). A path that exists with other methods
  // answers 405 with Allow (OPTIONS: 204 with Allow); an undecodable segment 400; no path at all goes to the fallback, or 404.
  // Of two patterns that match, the one with a word where the other has "{name}" wins. "OPTIONS *" answers 204.
  void dispatch(Request request, Responder respond);

  // What dispatch would refuse whatever the body is (404 or 405), so that a body need not be read first. Only the method and path
  // are looked at. With a fallback set, paths that no pattern matches are never refused here.
  std::optional<Response> refuse_early(const Request& request) const;

 private:
  struct Route {
    std::vector<std::string> segments;  // "{name}" stands for any
    std::vector<std::pair<Method, std::unique_ptr<Handler>>> handlers;

    Handler* handler(Method method) const;
    bool matches(const std::vector<std::string_view>& path) const;
    bool more_specific_than(const Route& other) const;
  };
  struct Found {
    const Route* route = nullptr;  // null: no route, or none with the method
    Handler* handler = nullptr;
    std::string allow;  // not empty: the path exists with these methods
  };
  Found find(Method method, const std::vector<std::string_view>& path) const;
  std::vector<Route> routes_;
  std::unique_ptr<Handler> fallback_;
};

}  // namespace parley::http
