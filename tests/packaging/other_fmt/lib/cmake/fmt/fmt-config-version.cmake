# Newer than whatever is asked for, and no more than that is checked by most packages that were made by old CMakes.
set(PACKAGE_VERSION 99.0.0)
set(PACKAGE_VERSION_COMPATIBLE TRUE)
if(PACKAGE_FIND_VERSION_RANGE AND NOT PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION_MAX)
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
endif()
