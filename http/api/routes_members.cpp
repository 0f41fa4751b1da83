// /rooms/{room}/members, /rooms/{room}/members/{user}

#include "broker/protocol/json.h"
#include "http/api/api.h"
#include "http/api/body.h"
#include "http/api/parameters.h"
#include "http/api/room_json.h"

namespace parley::api {

namespace {

void get_members(Api& api, Call call) {
  Result<std::string> after = query_text(call.request, "after");
  if (!after) return call.respond(http::Response::problem(after.error()));
  Result<unsigned> limit = query_limit(call.request, api.settings().page_entries, api.settings().page_entries_max);
  if (!limit) return call.respond(http::Response::problem(limit.error()));
  SubjectPtr subject = call.subject;
  std::string room = std::move(call.params["room"]);
  api.ask_log<std::vector<Member>>(
      std::move(call),
      [subject = std::move(subject), room = std::move(room), after = std::move(after).value(), limit = *limit](
          Log& log, Reply<std::vector<Member>> reply) mutable {
        log.list_members(std::move(subject), std::move(room), std::move(after), limit, std::move(reply));
      },
      [limit = *limit](const std::vector<Member>& members) {
        std::string out;
        json::Writer writer(out);
        writer.begin_object().key("members").begin_array();
        for (const Member& member : members) write_member(writer, member);
        writer.end_array();
        if (members.size() >= limit) writer.member("next", members.back().user_id);
        writer.end_object();
        return http::Response::json(200, std::move(out));
      });
}

void put_member(Api& api, Call call) {
  Body body(call.request);
  body.text("role");
  const Role role = body.optional_word("role", parse_role).value_or(Role::member);
  if (role == Role::guest) body.fail({Code::bad_request, "\"role\" must be owner, moderator, member or banned"});
  if (body.error()) return call.respond(http::Response::problem(*body.error()));
  SubjectPtr subject = call.subject;
  std::string room = std::move(call.params["room"]);
  MemberChange change{std::move(call.params["user"]), {}, role};
  api.ask_log<Member>(
      std::move(call),
      [subject = std::move(subject), room = std::move(room), change = std::move(change)](Log& log, Reply<Member> reply) mutable {
        log.set_member(std::move(subject), std::move(room), std::move(change), std::move(reply));
      },
      [](const Member& member) {
        std::string out;
        json::Writer writer(out);
        write_member(writer, member);
        return http::Response::json(200, std::move(out));
      });
}

void delete_member(Api& api, Call call) {
  SubjectPtr subject = call.subject;
  std::string room = std::move(call.params["room"]);
  std::string user = std::move(call.params["user"]);
  api.ask_log<Nothing>(
      std::move(call),
      [subject = std::move(subject), room = std::move(room), user = std::move(user)](Log& log, Reply<Nothing> reply) mutable {
        log.remove_member(std::move(subject), std::move(room), std::move(user), std::move(reply));
      },
      [](const Nothing&) { return http::Response::empty(204); });
}

}  // namespace

void add_member_routes(Api& api, http::Router& router) {
  api.add(router, http::Method::get, "/rooms/{room}/members", Api::Access::user, get_members);
  api.add(router, http::Method::put, "/rooms/{room}/members/{user}", Api::Access::user, put_member);
  api.add(router, http::Method::del, "/rooms/{room}/members/{user}", Api::Access::user, delete_member);
}

}  // namespace parley::api
