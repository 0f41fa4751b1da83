#include "http/static_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace parley::http {
namespace {

StaticFiles make() {
  return StaticFiles({{"index.html", "<html>"},
                      {"index.html.br", "br<html>"},
                      {"favicon.ico", "icon"},
                      {"assets/app-1f3a.js", "script"},
                      {"assets/app-1f3a.js.br", "br-script"},
                      {"assets/app-1f3a.js.gz", "gz-script"},
                      {"archive.gz", "an archive of its own"}});
}

Request ask(std::string path, Headers headers = {}) {
  Request request;
  request.path = std::move(path);
  request.headers = std::move(headers);
  return request;
}
const std::pair<std::string, std::string> page = {"accept", "text/html,application/xhtml+xml,*/*;q=0.8"};

TEST(StaticFiles, ServeWhatIsThere) {
  const StaticFiles files = make();
  const Response index = files.respond(ask("/"));
  EXPECT_EQ(index.status, 200);
  EXPECT_EQ(*index.shared_body, "<html>");
  EXPECT_EQ(index.header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(index.header("cache-control"), "no-cache");
  EXPECT_EQ(index.header("vary"), "Accept-Encoding");
  EXPECT_EQ(index.header("accept-ranges"), "none");
  const Response script = files.respond(ask("/assets/app-1f3a.js"));
  EXPECT_EQ(script.header("cache-control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(script.header("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(script.header("content-encoding"), "");
  EXPECT_EQ(*files.respond(ask("/archive.gz")).shared_body, "an archive of its own");
}

TEST(StaticFiles, NothingElseCanBeReached) {
  const StaticFiles files = make();
  for (const char* path : {"/../etc/passwd", "/assets/../index.html", "/%2e%2e/index.html", "/..%2findex.html", "//index.html",
                           "/assets/", "/assets", "/index.html.br", "/assets/app-1f3a.js.gz", "/index.html/", "/%",
                           "/index.html%00", "/missing.js", "*", "/Index.html"}) {
    EXPECT_EQ(files.respond(ask(path)).status, 404) << path;
    if (std::string_view(path) != "/assets") continue;
    EXPECT_EQ(files.respond(ask(path, {page})).status, 404) << path;
  }
}

TEST(StaticFiles, UnknownPagesAreTheSinglePage) {
  const StaticFiles files = make();
  EXPECT_EQ(files.respond(ask("/rooms/general", {page})).status, 200);
  EXPECT_EQ(files.respond(ask("/rooms/general")).status, 404);
  EXPECT_EQ(files.respond(ask("/rooms/general", {{"accept", "*/*"}})).status, 404);
  EXPECT_EQ(files.respond(ask("/rooms/general", {{"accept", "text/html;q=0"}})).status, 404);
  EXPECT_EQ(files.respond(ask("/rooms/missing.js", {page})).status, 404);
  for (const char* path : {"/api", "/api/v1/nothing", "/ws", "/metrics", "/assets/x"})
    EXPECT_EQ(files.respond(ask(path, {page})).status, 404) << path;
  EXPECT_EQ(files.respond(ask("/apis", {page})).status, 200);
}

TEST(StaticFiles, ChooseTheCodingThatIsWelcome) {
  const StaticFiles files = make();
  const auto coding = [&](const std::string& accept) {
    const Response response = files.respond(ask("/assets/app-1f3a.js", {{"accept-encoding", accept}}));
    return response.status == 200 ? *response.shared_body + "/" + std::string(response.header("content-encoding"))
                                  : std::to_string(response.status);
  };
  EXPECT_EQ(coding("gzip, deflate, br"), "br-script/br");
  EXPECT_EQ(coding("gzip"), "gz-script/gzip");
  EXPECT_EQ(coding("gzip, br;q=0.9"), "gz-script/gzip");
  EXPECT_EQ(coding("br;q=0, *"), "gz-script/gzip");
  EXPECT_EQ(coding("deflate"), "script/");
  EXPECT_EQ(coding(""), "script/");
  EXPECT_EQ(coding("identity, br;q=0.5"), "script/");
  EXPECT_EQ(coding("identity;q=0"), "406");
  EXPECT_EQ(coding("*;q=0"), "406");
  EXPECT_EQ(coding("identity;q=0, gzip;q=0.1"), "gz-script/gzip");
}

TEST(StaticFiles, AnswerNotModified) {
  const StaticFiles files = make();
  const std::string plain(files.respond(ask("/assets/app-1f3a.js")).header("etag"));
  const std::string brotli(files.respond(ask("/assets/app-1f3a.js", {{"accept-encoding", "br"}})).header("etag"));
  EXPECT_TRUE(plain.starts_with('"') && plain.ends_with('"'));
  EXPECT_NE(plain, brotli);
  const auto status = [&](const std::string& field, const std::string& value) {
    return files.respond(ask("/assets/app-1f3a.js", {{field, value}})).status;
  };
  EXPECT_EQ(status("if-none-match", plain), 304);
  EXPECT_EQ(status("if-none-match", "W/" + plain), 304);
  EXPECT_EQ(status("if-none-match", "\"x\", " + plain), 304);
  EXPECT_EQ(status("if-none-match", "*"), 304);
  EXPECT_EQ(status("if-none-match", "\"x\""), 200);
  EXPECT_EQ(status("if-none-match", brotli), 200);
  EXPECT_EQ(status("if-match", plain), 200);
  EXPECT_EQ(status("if-match", "*"), 200);
  EXPECT_EQ(status("if-match", "W/" + plain), 412);
  EXPECT_EQ(status("if-match", "\"x\""), 412);
  const Response response = files.respond(ask("/assets/app-1f3a.js", {{"if-none-match", plain}}));
  EXPECT_EQ(response.body_size(), 0U);
  EXPECT_EQ(response.header("etag"), plain);
  EXPECT_EQ(response.header("vary"), "Accept-Encoding");
  EXPECT_EQ(response.header("cache-control"), "public, max-age=31536000, immutable");
}

TEST(StaticFiles, AreOnlyRead) {
  const StaticFiles files = make();
  Request request = ask("/index.html");
  request.method = Method::post;
  EXPECT_EQ(files.respond(request).status, 405);
  EXPECT_EQ(files.respond(request).header("allow"), "GET, HEAD, OPTIONS");
  request.method = Method::options;
  EXPECT_EQ(files.respond(request).status, 204);
  request.method = Method::head;
  EXPECT_EQ(files.respond(request).status, 200);
}

class Folder : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::temp_directory_path() / ("parley-static-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
    std::filesystem::create_directories(root_ / "assets");
    std::filesystem::create_directories(root_ / ".git");
    std::filesystem::create_directories(root_ / ".well-known");
    write("index.html", "page");
    write("assets/a.js", std::string("a\0b", 3));
    write(".secret", "x");
    write(".git/config", "x");
    write(".well-known/security.txt", "x");
    std::filesystem::create_symlink("/etc/passwd", root_ / "link");
    std::filesystem::create_directory_symlink("/etc", root_ / "etc");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& name, const std::string& bytes) { std::ofstream(root_ / name, std::ios::binary) << bytes; }
  std::filesystem::path root_;
};

TEST_F(Folder, IsReadWithoutLinksAndHiddenFiles) {
  const Result<StaticFiles::Files> files = read_folder(root_.string());
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(*files, (StaticFiles::Files{
                        {".well-known/security.txt", "x"}, {"assets/a.js", std::string("a\0b", 3)}, {"index.html", "page"}}));
}

TEST_F(Folder, HasLimits) {
  StaticSettings settings;
  settings.files_max = 2;
  EXPECT_EQ(read_folder(root_.string(), settings).error().code, Code::too_large);
  settings = {};
  settings.bytes_max = 7;
  EXPECT_EQ(read_folder(root_.string(), settings).error().code, Code::too_large);
  EXPECT_EQ(read_folder((root_ / "missing").string()).error().code, Code::not_found);
}

}  // namespace
}  // namespace parley::http
