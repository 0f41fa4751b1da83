#include "http/api/token_keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "http/api/bytes.h"
#include "tests/fakes/fake_clock.h"

namespace parley::api {
namespace {

class TokenKeys : public testing::Test {
 protected:
  TokenKeys() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parley-keys-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/jwt.key";
  }
  ~TokenKeys() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& text, mode_t mode) {
    std::ofstream(path_) << text;
    ::chmod(path_.c_str(), mode);
  }
  Result<std::vector<TokenKey>> load() { return load_or_create_token_keys(path_, random_); }

  std::string folder_;
  std::string path_;
  fakes::SeededRandom random_;
};

const std::string key32 = base64url(std::string(32, 'x'));

TEST_F(TokenKeys, AreMadeAtTheFirstStartAndKept) {
  Result<std::vector<TokenKey>> made = load();
  ASSERT_TRUE(made.ok()) << made.error().message;
  ASSERT_EQ(made->size(), 1U);
  EXPECT_EQ(made->front().secret.size(), 32U);
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  Result<std::vector<TokenKey>> again = load();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->front().secret, made->front().secret);
  EXPECT_EQ(again->front().id, made->front().id);
  const auto files = std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator());
  EXPECT_EQ(files, 1) << "nothing is left lying about";
}

TEST_F(TokenKeys, ThatOthersCanReadAreRefused) {
  for (const mode_t mode : {0644U, 0604U, 0602U, 0601U, 0640U, 0660U}) {
    write("one " + key32 + "\n", mode);
    Result<std::vector<TokenKey>> keys = load();
    ASSERT_FALSE(keys.ok()) << std::oct << mode;
    EXPECT_EQ(keys.error().code, Code::forbidden);
    EXPECT_NE(keys.error().message.find("chmod 600 " + path_), std::string::npos) << "it says what to do";
  }
  write("one " + key32 + "\n", 0400);
  EXPECT_TRUE(load().ok());
}

TEST_F(TokenKeys, MalformedOnesAreRefusedWithTheLine) {
  struct Case {
    const char* text;
    const char* part;
  };
  const Case cases[] = {
      {"", "no key"},
      {"# nothing but a comment\n", "no key"},
      {"one\n", "line 1"},
      {"# c\none dG9vIHNob3J0\n", "line 2: the key has 9 bytes"},
      {"one ****\n", "base64url"},
  };
  for (const Case& c : cases) {
    write(c.text, 0600);
    Result<std::vector<TokenKey>> keys = load();
    ASSERT_FALSE(keys.ok()) << c.text;
    EXPECT_EQ(keys.error().code, Code::bad_request);
    EXPECT_NE(keys.error().message.find(c.part), std::string::npos) << keys.error().message;
    EXPECT_NE(keys.error().message.find(path_), std::string::npos);
  }
  write("one " + key32 + "\none " + key32 + "\n", 0600);
  EXPECT_FALSE(load().ok()) << "an id used twice";
}

TEST_F(TokenKeys, SeveralAreReadInOrder) {
  write("# the new one\ntwo  " + key32 + "\r\n\none " + base64url(std::string(40, 'y')), 0600);
  Result<std::vector<TokenKey>> keys = load();
  ASSERT_TRUE(keys.ok()) << keys.error().message;
  ASSERT_EQ(keys->size(), 2U);
  EXPECT_EQ(keys->at(0).id, "two");
  EXPECT_EQ(keys->at(1).secret.size(), 40U);
}

TEST_F(TokenKeys, CannotBeMadeWithoutTheFolder) {
  path_ = folder_ + "/missing/jwt.key";
  Result<std::vector<TokenKey>> keys = load();
  ASSERT_FALSE(keys.ok());
  EXPECT_EQ(keys.error().code, Code::unavailable);
}

}  // namespace
}  // namespace parley::api
