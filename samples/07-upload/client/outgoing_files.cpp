#include "client/outgoing_files.hpp"

#include <utility>

#include <fmt/format.h>

#include "protocol/file_digest.hpp"
#include "text/utf8.hpp"

using namespace strait;

namespace samples::upload {
namespace {

constexpr std::size_t max_ready = 64;

}  // namespace

outgoing_files::outgoing_files(std::vector<listed_file> files, progress& shown)
    : undecided_(files.size()), shown_(shown) {
  std::uint64_t bytes = 0;
  for (auto& file : files) {
    bytes += file.size;
    files_.push_back({.what = std::move(file)});
  }
  shown_.expect(files_.size(), bytes);
}

task<> outgoing_files::prepare() {
  for (auto& file : files_) {
    while (ready_.size() >= max_ready) {
      room_.reset();
      co_await room_.wait();
    }
    bool const is_readable = co_await read_digest(file);
    ++prepared_;
    if (is_readable) ready_.push_back(&file);
    changed_.set();
  }
  shown_.nothing_to_read();
}

task<bool> outgoing_files::read_digest(outgoing_file& file) {
  auto& what = file.what;
  if (what.kind == file_kind::directory) co_return true;
  std::string reason;
  try {
    auto from = co_await open_file(what.path);
    auto const found = co_await from.status();
    shown_.resized(file, found.size);
    shown_.reading(file);
    digester all;
    co_await add_range(all, from, 0, what.size);
    file.digest = all.value();
    co_return true;
  } catch (error const& e) {
    reason = e.what();
  }
  mark_refused(file, reason);
  co_return false;
}

outgoing_file* outgoing_files::take() {
  if (ready_.empty()) return nullptr;
  auto* const next = ready_.front();
  ready_.pop_front();
  room_.set();
  return next;
}

void outgoing_files::put_back(outgoing_file& file) {
  ready_.push_front(&file);
  changed_.set();
}

void outgoing_files::mark_stored(outgoing_file& file, std::string const& verdict) {
  --undecided_;
  ++stored_;
  shown_.stored(file, verdict);
  changed_.set();
}

void outgoing_files::mark_refused(outgoing_file& file, std::string const& reason) {
  --undecided_;
  shown_.refused(file, reason);
  changed_.set();
}

}  // namespace samples::upload
