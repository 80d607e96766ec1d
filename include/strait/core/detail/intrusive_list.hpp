// intrusive_list: a doubly linked list with its links in the elements. No allocation; removal in constant time.
#pragma once

namespace strait::detail {

/// The links of one element. An element that can be in several lists at the same time has one hook per list, with
/// different `Tag`s.
template <class Tag>
class list_hook {
 public:
  list_hook() noexcept : previous_(this), next_(this) {}
  list_hook(list_hook const&) = delete;
  list_hook& operator=(list_hook const&) = delete;
  ~list_hook() { unlink(); }

  /// Removes the element from its list, if it is in one.
  void unlink() noexcept {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }
  [[nodiscard]] bool linked() const noexcept { return next_ != this; }

 private:
  template <class, class>
  friend class intrusive_list;
  list_hook* previous_;
  list_hook* next_;
};

/// A list of `T`, which must derive from `list_hook<Tag>`. Does not own its elements.
template <class T, class Tag = T>
class intrusive_list {
  using hook = list_hook<Tag>;

 public:
  [[nodiscard]] bool empty() const noexcept { return !head_.linked(); }
  [[nodiscard]] T* front() const noexcept { return get(head_.next_); }
  /// The element after `element`; null at the end.
  [[nodiscard]] T* next(T& element) const noexcept { return get(static_cast<hook&>(element).next_); }

  /// Appends `element`, after removing it from the list with this tag that it is in, if any.
  void push_back(T& element) noexcept {
    hook& link = element;
    link.unlink();
    link.previous_ = head_.previous_;
    link.next_ = &head_;
    head_.previous_->next_ = &link;
    head_.previous_ = &link;
  }

 private:
  T* get(hook* link) const noexcept { return link == &head_ ? nullptr : static_cast<T*>(link); }
  hook head_;
};

}  // namespace strait::detail
