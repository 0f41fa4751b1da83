#pragma once

// TLS as a pure transformation of bytes (OpenSSL over memory BIOs): ciphertext in, plain text out and the other way round. Knows
// no socket: client and server streams put it between themselves and a TcpStream.
//
// TLS 1.2 and newer. Threads: a context may be shared, a session belongs to one.

#include <memory>
#include <string>
#include <string_view>

#include "broker/base/result.h"
#include "broker/base/time.h"

struct ssl_ctx_st;
struct ssl_st;

namespace parley::net {

class TlsContext {
 public:
  // For connecting: the peer's certificate must lead to one of `ca_file` (PEM; empty: the system's). bad_request.
  static Result<std::shared_ptr<const TlsContext>> client(const std::string& ca_file);
  // For asking a server on this machine whether it lives: whatever certificate it has will do.
  static std::shared_ptr<const TlsContext> unverified();
  // For accepting: a PEM chain, the server's own certificate first, and its key, without a pass phrase. bad_request.
  static Result<std::shared_ptr<const TlsContext>> server(const std::string& certificate_file, const std::string& key_file);

  // When the server's own certificate expires; 0 on the client's side.
  UnixMs expires() const;
  ssl_ctx_st* get() const { return context_.get(); }

 private:
  explicit TlsContext(ssl_ctx_st* context);
  std::shared_ptr<ssl_ctx_st> context_;
};

class TlsSession {
 public:
  // The certificate must be made out to `host`, a name or an address (RFC 6125); a name is sent along (SNI, RFC 6066 §3).
  static TlsSession to(const TlsContext& context, const std::string& host);
  static TlsSession from(const TlsContext& context);
  TlsSession(TlsSession&&) noexcept = default;
  TlsSession& operator=(TlsSession&&) noexcept = default;
  ~TlsSession();

  // A client's first bytes.
  Status start() { return advance(); }
  // Bytes from the peer; what they hold is appended to `plain`. An error ends the session; output() may still hold an alert.
  Status feed(std::string_view cipher, std::string& plain);
  // Before the handshake is over it is kept, and leaves with its last step.
  Status write(std::string_view plain);
  // Bytes for the peer since the last call.
  std::string output();

  bool established() const { return established_; }
  // The peer has said that nothing more comes (close_notify).
  bool ended() const { return ended_; }
  // Says so to the peer.
  void end();

 private:
  explicit TlsSession(ssl_st* session);
  Status advance();
  struct Free {
    void operator()(ssl_st* session) const;
  };
  std::unique_ptr<ssl_st, Free> session_;
  std::string waiting_;
  bool established_ = false;
  bool ended_ = false;
};

}  // namespace parley::net
