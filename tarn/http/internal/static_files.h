// SPDX-License-Identifier: BSL-1.0
// The handler behind Router::add_static.
#pragma once
#include <string>

#include <tarn/http/router.h>

namespace tarn::http::internal {

/// Answers GET and HEAD for the files below `directory`, whose path is match_info("path").
/// Errors: ValueError if there is no such directory.
Handler serve_directory(std::string directory, StaticOptions options);

}  // namespace tarn::http::internal
