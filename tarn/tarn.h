// SPDX-License-Identifier: BSL-1.0
// The umbrella: everything of core, io, net and os.
#pragma once
#include <tarn/core/core.h>
#include <tarn/io/ports.h>
#include <tarn/net/connect.h>
#include <tarn/net/resolve.h>
#include <tarn/net/server.h>
#include <tarn/net/stream.h>
#include <tarn/os/terminal.h>

#include <chrono>
