// A self-signed certificate for 127.0.0.1, generated in memory.
#pragma once

#include <memory>

#include <asio/ssl/context.hpp>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "catch.hpp"

namespace strait::test {

class certificate {
 public:
  certificate() : key_(::EVP_EC_gen("P-256")), own_(::X509_new()) {
    REQUIRE(key_);
    X509* const own = own_.get();
    ::X509_set_version(own, X509_VERSION_3);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(own), 1);
    ::X509_gmtime_adj(::X509_getm_notBefore(own), -3600);
    ::X509_gmtime_adj(::X509_getm_notAfter(own), 3600);
    ::X509_set_pubkey(own, key_.get());
    X509_NAME* const name = ::X509_get_subject_name(own);
    auto const* const text = reinterpret_cast<unsigned char const*>("localhost");
    ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
    ::X509_set_issuer_name(own, name);
    REQUIRE(::X509_sign(own, key_.get(), ::EVP_sha256()) > 0);
  }

  /// For a server with this certificate.
  [[nodiscard]] asio::ssl::context server_context() const {
    asio::ssl::context made(asio::ssl::context::tls_server);
    REQUIRE(::SSL_CTX_use_certificate(made.native_handle(), own_.get()) == 1);
    REQUIRE(::SSL_CTX_use_PrivateKey(made.native_handle(), key_.get()) == 1);
    return made;
  }
  /// For a client that trusts only this certificate.
  [[nodiscard]] asio::ssl::context client_context() const {
    asio::ssl::context made(asio::ssl::context::tls_client);
    made.set_verify_mode(asio::ssl::verify_peer);
    REQUIRE(::X509_STORE_add_cert(::SSL_CTX_get_cert_store(made.native_handle()), own_.get()) == 1);
    return made;
  }

 private:
  struct free_it {
    void operator()(EVP_PKEY* key) const noexcept { ::EVP_PKEY_free(key); }
    void operator()(X509* made) const noexcept { ::X509_free(made); }
  };
  std::unique_ptr<EVP_PKEY, free_it> key_;
  std::unique_ptr<X509, free_it> own_;
};

}  // namespace strait::test
