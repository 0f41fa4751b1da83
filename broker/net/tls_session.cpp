#include "broker/net/tls_session.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>

namespace parley::net {

namespace {

std::string last_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "the peer broke off";
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

bool is_address(const std::string& host) {
  in6_addr scratch{};
  return inet_pton(AF_INET, host.c_str(), &scratch) == 1 || inet_pton(AF_INET6, host.c_str(), &scratch) == 1;
}

}  // namespace

// ---- contexts

TlsContext::TlsContext(ssl_ctx_st* context) : context_(context, &SSL_CTX_free) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::client(const std::string& ca_file) {
  ERR_clear_error();
  std::shared_ptr<const TlsContext> made(new TlsContext(SSL_CTX_new(TLS_client_method())));
  SSL_CTX_set_verify(made->get(), SSL_VERIFY_PEER, nullptr);
  const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(made->get())
                                     : SSL_CTX_load_verify_locations(made->get(), ca_file.c_str(), nullptr);
  if (loaded == 1) return made;
  return {Code::bad_request,
          "cannot read certificates from " + (ca_file.empty() ? "the system's store" : ca_file) + ": " + last_error()};
}

std::shared_ptr<const TlsContext> TlsContext::unverified() {
  return std::shared_ptr<const TlsContext>(new TlsContext(SSL_CTX_new(TLS_client_method())));
}

Result<std::shared_ptr<const TlsContext>> TlsContext::server(const std::string& certificate_file, const std::string& key_file) {
  ERR_clear_error();
  std::shared_ptr<const TlsContext> made(new TlsContext(SSL_CTX_new(TLS_server_method())));
  // Renegotiation is nothing but a way to make the server work (RFC 7457 §2.10); TLS 1.3 has none.
  SSL_CTX_set_options(made->get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // A key with a pass phrase is an error, not a question on the terminal.
  SSL_CTX_set_default_passwd_cb(made->get(), [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_certificate_chain_file(made->get(), certificate_file.c_str()) != 1)
    return {Code::bad_request, "cannot read the certificate " + certificate_file + ": " + last_error()};
  if (SSL_CTX_use_PrivateKey_file(made->get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return {Code::bad_request, "cannot read the key " + key_file + ", or it is not the certificate's: " + last_error()};
  return made;
}

UnixMs TlsContext::expires() const {
  const X509* certificate = SSL_CTX_get0_certificate(context_.get());
  std::tm when{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &when) != 1) return 0;
  return static_cast<UnixMs>(timegm(&when)) * 1000;
}

// ---- sessions

void TlsSession::Free::operator()(ssl_st* session) const { SSL_free(session); }
TlsSession::~TlsSession() = default;

TlsSession::TlsSession(ssl_st* session) : session_(session) { SSL_set_bio(session, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem())); }

TlsSession TlsSession::to(const TlsContext& context, const std::string& host) {
  TlsSession made(SSL_new(context.get()));
  SSL* session = made.session_.get();
  SSL_set_connect_state(session);
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str());
  } else {
    SSL_set1_host(session, host.c_str());
    SSL_set_tlsext_host_name(session, host.c_str());
  }
  return made;
}

TlsSession TlsSession::from(const TlsContext& context) {
  TlsSession made(SSL_new(context.get()));
  SSL_set_accept_state(made.session_.get());
  return made;
}

// Does the next step of the handshake; afterwards writes what has waited for it.
Status TlsSession::advance() {
  if (established_) return ok_status();
  ERR_clear_error();
  const int done = SSL_do_handshake(session_.get());
  if (done != 1) {
    const int why = SSL_get_error(session_.get(), done);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return ok_status();
    const long verified = SSL_get_verify_result(session_.get());
    if (verified != X509_V_OK) {
      ERR_clear_error();
      return {Code::unauthorized, std::string("TLS: the peer's certificate: ") + X509_verify_cert_error_string(verified)};
    }
    return {Code::unavailable, "TLS: " + last_error()};
  }
  established_ = true;
  const std::string first = std::exchange(waiting_, {});
  return first.empty() ? ok_status() : write(first);
}

Status TlsSession::feed(std::string_view cipher, std::string& plain) {
  while (!cipher.empty()) {
    const int taken = BIO_write(SSL_get_rbio(session_.get()), cipher.data(), static_cast<int>(cipher.size()));
    if (taken <= 0) return {Code::internal, "TLS: no memory"};
    cipher.remove_prefix(static_cast<std::size_t>(taken));
  }
  if (Status status = advance(); !status || !established_) return status;
  std::array<char, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): a record's worth, filled by SSL_read
  for (;;) {
    ERR_clear_error();
    const int got = SSL_read(session_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (got > 0) {
      plain.append(buffer.data(), static_cast<std::size_t>(got));
      continue;
    }
    const int why = SSL_get_error(session_.get(), got);
    if (why == SSL_ERROR_ZERO_RETURN) {
      ended_ = true;
      return ok_status();
    }
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return ok_status();
    return {Code::unavailable, "TLS: " + last_error()};
  }
}

Status TlsSession::write(std::string_view plain) {
  if (!established_) {
    waiting_.append(plain);
    return ok_status();
  }
  while (!plain.empty()) {
    ERR_clear_error();
    const int taken = SSL_write(session_.get(), plain.data(), static_cast<int>(std::min<std::size_t>(plain.size(), 1U << 20U)));
    if (taken <= 0) return {Code::unavailable, "TLS: " + last_error()};  // a memory BIO is never full
    plain.remove_prefix(static_cast<std::size_t>(taken));
  }
  return ok_status();
}

std::string TlsSession::output() {
  BIO* out = SSL_get_wbio(session_.get());
  std::string bytes(BIO_ctrl_pending(out), '\0');
  if (!bytes.empty()) BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

void TlsSession::end() {
  if (established_) SSL_shutdown(session_.get());
}

}  // namespace parley::net
