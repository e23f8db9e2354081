export { type ChatTemplate, chatTemplateOf, type LoadedChatTemplate, plainChat } from './chat/chat-template.js'
export type {
  ChatMessage,
  CompletionRequest,
  Engine,
  EngineEvent,
  EngineModel,
  EngineStats,
  Prompt,
} from './engine/engine.js'
export { EngineError } from './engine/engine-error.js'
export { type LocalEngineOptions, localEngine } from './engine/local-engine.js'
export { RequestError } from './engine/request-error.js'
export { serveEngine } from './engine/serve-engine.js'
export { workerEngine } from './engine/worker-engine.js'
export { ApiError } from './http/api-error.js'
export { type Listening, type ListenOptions, listen } from './http/listen.js'
export { type ServingOptions, servingApp } from './http/serving-app.js'
export { ServingError } from './http/serving-error.js'
