#pragma once

// Which handler answers a method and a path.

#include <map>
#include <memory>
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
  void add(Method method, std::string pattern, Handler handler);
  // Answers paths that no pattern matches (static files, the single page's index).
  void set_fallback(Handler handler);

  // Calls the handler. HEAD goes to GET's handler (the connection leaves the body out). A path that exists with other methods
  // answers 405 with Allow (OPTIONS: 204 with Allow); an undecodable segment 400; no path at all goes to the fallback, or 404.
  void dispatch(Request request, Responder respond);

 private:
  struct Route {
    std::vector<std::string> segments;  // "{name}" stands for any
    std::vector<std::pair<Method, std::unique_ptr<Handler>>> handlers;
  };
  std::vector<Route> routes_;
  std::unique_ptr<Handler> fallback_;
};

}  // namespace parley::http
