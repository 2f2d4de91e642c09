// SPDX-License-Identifier: BSL-1.0
// The umbrella: everything of core, io, net and os.
#pragma once
#include <tarn/core/core.h>
#include <tarn/io/ports.h>

#include <chrono>
