// The messages of errors: the operation and the endpoint, then the reason in lower case.
#include "strait/base/error.hpp"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <typeinfo>
#include <vector>

#include <cxxabi.h>

#include <fmt/format.h>

namespace strait {
namespace {

class category final : public std::error_category {
 public:
  char const* name() const noexcept override { return "strait"; }
  std::string message(int code) const override {
    switch (static_cast<errc>(code)) {
      case errc::unexpected_end: return "unexpected end of stream";
      case errc::timed_out: return "timed out";
      case errc::host_not_found: return "host not found";
      case errc::closed: return "closed on this side";
      case errc::limit_exceeded: return "longer than allowed";
    }
    return "unknown error";
  }
  std::error_condition default_error_condition(int code) const noexcept override {
    if (static_cast<errc>(code) == errc::timed_out) return std::errc::timed_out;
    return {code, *this};
  }
};

// The C library's messages start with a capital letter ("Connection refused"), which looks wrong after a colon.
std::string lower_first(std::string text) {
  bool const acronym = text.size() > 1 && std::isupper(static_cast<unsigned char>(text[1]));
  if (!text.empty() && !acronym) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

// std::system_error always appends ": " and the code's message to the text it is constructed with. To hide that, the
// text passed to it ends with a NUL, where a reader of what() stops. The text itself must therefore contain no NUL.
std::string full_text(std::string_view context, std::string_view reason) {
  std::string text = fmt::format("{}: {}", context, reason);
  for (auto at = text.find('\0'); at != text.npos; at = text.find('\0', at)) text.replace(at, 1, "\\0");
  text.push_back('\0');
  return text;
}

}  // namespace

std::error_category const& strait_category() noexcept {
  static category const instance;
  return instance;
}

std::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), strait_category()}; }

void detail::throw_empty_buffer() {
  throw std::invalid_argument(
      "strait: read into an empty buffer: give the string or vector its size first, text.resize(1024), and pass that");
}

error::error(std::error_code code, std::string_view context, std::size_t transferred)
    : error(code, context, lower_first(code.message()), transferred) {}

error::error(std::error_code code, std::string_view context, std::string_view reason, std::size_t transferred)
    : std::system_error(code, full_text(context, reason)), transferred_(transferred) {}

timed_out::timed_out(std::string_view context, std::size_t transferred)
    : error(errc::timed_out, context, transferred) {}

unexpected_end::unexpected_end(std::string_view context, std::size_t received, std::size_t expected)
    : error(errc::unexpected_end, context,
            fmt::format("unexpected end of stream after {} of {} bytes", received, expected), received),
      expected_(expected) {}

unexpected_end::unexpected_end(std::string_view context, std::size_t received)
    : error(errc::unexpected_end, context, fmt::format("unexpected end of stream after {} bytes", received), received),
      expected_(received + 1) {}

limit_exceeded::limit_exceeded(std::string_view context, std::size_t size, std::size_t limit)
    : error(errc::limit_exceeded, context, fmt::format("longer than the {} bytes allowed", limit)),
      size_(size),
      limit_(limit) {}

struct multiple_errors::list {
  std::atomic<int> references = 1;
  std::vector<std::exception_ptr> errors;
  std::string text;
};

multiple_errors::multiple_errors(std::exception_ptr const* first, std::size_t count) {
  auto made = std::make_unique<list>();
  made->errors.assign(first, first + count);
  made->text = fmt::format("{} errors", count);
  constexpr std::size_t max_listed = 8;
  char const* separator = ": ";
  for (std::size_t i = 0; i != std::min(count, max_listed); ++i) {
    made->text += separator;
    made->text += describe(made->errors[i]);
    separator = "; ";
  }
  if (count > max_listed) made->text += fmt::format("; and {} more", count - max_listed);
  list_ = made.release();
}

multiple_errors::multiple_errors(multiple_errors const& other) noexcept : std::exception(other), list_(other.list_) {
  list_->references.fetch_add(1, std::memory_order_relaxed);
}

multiple_errors::~multiple_errors() {
  if (list_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete list_;
}

char const* multiple_errors::what() const noexcept { return list_->text.c_str(); }
std::size_t multiple_errors::size() const noexcept { return list_->errors.size(); }
std::exception_ptr multiple_errors::operator[](std::size_t index) const noexcept { return list_->errors[index]; }

std::string describe(std::exception_ptr const& exception) {
  if (!exception) return "no error";
  try {
    std::rethrow_exception(exception);
  } catch (std::exception const& e) {
    return e.what();
  } catch (canceled const&) {
    return "canceled";
  } catch (...) {
    std::type_info const* type = abi::__cxa_current_exception_type();
    int status = -1;
    char* name = type ? abi::__cxa_demangle(type->name(), nullptr, nullptr, &status) : nullptr;
    std::string text = fmt::format("exception of type {}", name ? name : "unknown");
    std::free(name);
    return text;
  }
}

}  // namespace strait
