// Square float32 products, measured in turns: ours as a share of what the device's multiply-adds reach in registers; with
// --peers PyTorch and JavaScript libraries; with --nodes ours under other versions of Node.
import { gemmAcrossNodes } from './gemm/across-nodes.js'
import { gemmBesidePeers } from './gemm/beside-peers.js'
import { benchOptions } from './shared/bench-options.js'
import { startReport } from './shared/report.js'

const options = benchOptions()
const across = options.nodes.length > 0
const report = startReport(across ? 'gemm-nodes' : 'gemm', options)
for (const threads of options.threads ?? [1, 2]) {
  await (across ? gemmAcrossNodes : gemmBesidePeers)(threads, options, report)
}
report.finish()
