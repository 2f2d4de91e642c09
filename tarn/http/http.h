// SPDX-License-Identifier: BSL-1.0
// All of tarn::http: the client, the server, and what they share.
#pragma once
#include <tarn/http/errors.h>
#include <tarn/http/router.h>
#include <tarn/http/server.h>
#include <tarn/http/session.h>
