#include "chrysalis/bots/navigation.h"

namespace chrysalis {

NavigationGraph::NavigationGraph(const Map&) {}

}  // namespace chrysalis
