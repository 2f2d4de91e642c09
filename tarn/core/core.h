// SPDX-License-Identifier: BSL-1.0
// The core room's daily words, all at once. <tarn/tarn.h> has the kernel's Ports, streams and files too.
#pragma once
#include <tarn/core/as_completed.h>
#include <tarn/core/barrier.h>
#include <tarn/core/condition.h>
#include <tarn/core/event_loop.h>
#include <tarn/core/executor.h>
#include <tarn/core/gather.h>
#include <tarn/core/locks.h>
#include <tarn/core/queue.h>
#include <tarn/core/run.h>
#include <tarn/core/semaphore.h>
#include <tarn/core/shield.h>
#include <tarn/core/sleep.h>
#include <tarn/core/task.h>
#include <tarn/core/taskgroup.h>
#include <tarn/core/threads.h>
#include <tarn/core/timeouts.h>
#include <tarn/core/wait.h>
#include <tarn/core/with.h>
