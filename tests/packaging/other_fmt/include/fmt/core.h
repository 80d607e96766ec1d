// An fmt of another major version than any that there is.
#define FMT_VERSION 990000
