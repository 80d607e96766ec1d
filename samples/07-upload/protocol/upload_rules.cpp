#include "protocol/upload_rules.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>

namespace samples::upload {

bool number_set::contains(std::uint32_t number) const {
  auto const behind = ranges_.upper_bound(number);
  return behind != ranges_.begin() && std::prev(behind)->second >= number;
}

bool number_set::insert(std::uint32_t number) {
  if (contains(number)) return false;
  auto const behind = ranges_.upper_bound(number);
  bool const joins_behind = behind != ranges_.end() && behind->first - 1 == number;
  auto const last = joins_behind ? behind->second : number;
  bool const joins_before = behind != ranges_.begin() && std::prev(behind)->second + 1 == number;
  if (joins_before) std::prev(behind)->second = last;
  else ranges_.emplace(number, last);
  if (joins_behind) ranges_.erase(behind);
  if (ranges_.size() > max_ranges) ranges_.erase(ranges_.begin());  // reuse of these ids is no longer detected
  return true;
}

void upload_rules::received(hello_of_client const&) {
  if (has_begun_) throw protocol_error("hello: sent twice");
  has_begun_ = true;
}

void upload_rules::received(offer const& message) {
  expect_more("offer");
  if (open_.size() >= window_)
    throw protocol_error(fmt::format("offer {}: the window of {} undecided offers is full", message.id, open_.size()));
  // `used_` may have forgotten an id whose offer is still open, or was just decided.
  bool const is_known = open_.contains(message.id) || find_decided(message.id);
  if (is_known || !used_.insert(message.id))
    throw protocol_error(fmt::format("offer {}: the id was used before", message.id));
  open_.emplace(message.id, state{.size = message.size, .is_directory = message.kind == file_kind::directory});
}

upload_rules::data_action upload_rules::received(data const& message) {
  expect_more("data");
  auto const refuse = [&](std::string const& reason) {
    throw protocol_error(fmt::format("data of {}: {}", message.id, reason));
  };
  bool const is_open = this->is_open(message.id);
  auto* const file = is_open ? find_open(message.id) : find_decided(message.id);
  if (!file) refuse("no such offer");
  if (!file->is_wanted) refuse("not requested");
  if (message.offset != file->next) refuse(fmt::format("offset {} instead of {}", message.offset, file->next));
  if (message.count == 0) refuse("the count is 0");
  if (message.count > data_limit_) refuse(fmt::format("{} bytes exceed the limit of {}", message.count, data_limit_));
  if (message.count > file->missing())
    refuse(fmt::format("{} bytes, but {} are missing", message.count, file->missing()));

  file->next += message.count;
  if (is_open && file->missing() == 0) --due_;
  return is_open ? data_action::store : data_action::discard;
}

void upload_rules::received(withdraw const& message) {
  expect_more("withdraw");
  if (is_open(message.id)) {
    close(message.id);
    return;
  }
  auto const is_it = [&](decided const& each) { return each.id == message.id; };
  auto const found = std::find_if(decided_.begin(), decided_.end(), is_it);
  if (found == decided_.end()) throw protocol_error(fmt::format("withdraw {}: no such offer", message.id));
  found->file.is_wanted = false;  // further data is an error
}

void upload_rules::received(end const&) {
  expect_more("end");
  for (auto const& [id, file] : open_)
    if (file.missing() > 0)
      throw protocol_error(fmt::format("end: {} bytes of file {} were not sent", file.missing(), id));
  has_ended_ = true;
}

void upload_rules::received(alive const&) { expect_more("alive"); }

void upload_rules::sent(want const& message) {
  auto* const file = find_open(message.id);
  if (!file) return;
  if (file->is_wanted || file->is_directory || message.offset > file->size)
    throw std::logic_error(fmt::format("strait: invalid want for offer {}", message.id));
  file->next = message.offset;
  file->is_wanted = true;
  if (file->is_due()) ++due_;
}

void upload_rules::sent(verdict const& message) {
  auto const* const file = find_open(message.id);
  if (!file) return;
  if (decided_.size() >= window_) decided_.pop_front();
  decided_.push_back({.id = message.id, .file = *file});
  close(message.id);
}

std::uint64_t upload_rules::missing(std::uint32_t id) const {
  auto const found = open_.find(id);
  return found == open_.end() ? 0 : found->second.missing();
}

/// Throws unless a message other than `hello` is allowed now.
void upload_rules::expect_more(std::string_view message) const {
  if (!has_begun_) throw protocol_error(fmt::format("{}: before hello", message));
  if (has_ended_) throw protocol_error(fmt::format("{}: after end", message));
}

/// Returns null if the offer was withdrawn.
upload_rules::state* upload_rules::find_open(std::uint32_t id) {
  auto const found = open_.find(id);
  if (found != open_.end()) return &found->second;
  if (find_decided(id)) throw std::logic_error(fmt::format("strait: offer {} already has a verdict", id));
  if (!used_.contains(id)) throw std::logic_error(fmt::format("strait: no offer {}", id));
  return nullptr;
}

upload_rules::state* upload_rules::find_decided(std::uint32_t id) {
  auto const is_it = [&](decided const& each) { return each.id == id; };
  auto const found = std::find_if(decided_.begin(), decided_.end(), is_it);
  return found == decided_.end() ? nullptr : &found->file;
}

void upload_rules::close(std::uint32_t id) {
  auto const found = open_.find(id);
  if (found->second.is_due()) --due_;
  open_.erase(found);
}

}  // namespace samples::upload
