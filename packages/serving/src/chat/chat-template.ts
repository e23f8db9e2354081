import type { HuggingFaceTokenizerConfig } from '@almanac/language-model/tokenizers'
import { Template } from '@huggingface/jinja'
import type { ChatMessage } from '../engine/engine.js'
import { RequestError } from '../engine/request-error.js'

/** The text that a model goes on from to answer the last message. */
export type ChatTemplate = (messages: readonly ChatMessage[]) => string

/**
 * For models that were never taught a chat: what was said, in its order, as one text to go on from, a line break between
 * two messages. Roles leave no trace.
 */
export const plainChat: ChatTemplate = (messages) => messages.map(({ content }) => content).join('\n')

/** Whether a template's text holds special tokens to be read as such: only those of a model's own template do. */
export interface LoadedChatTemplate {
  readonly render: ChatTemplate
  readonly specials: boolean
}

/** The template of a tokenizer_config.json (the one named "default" of several), or `plainChat` where there is none. */
export function chatTemplateOf(config: HuggingFaceTokenizerConfig = {}): LoadedChatTemplate {
  const { chat_template: given } = config
  const source = typeof given === 'string' ? given : given?.find(({ name }) => name === 'default')?.template
  if (source === undefined) return { render: plainChat, specials: false }
  const template = new Template(source)
  const text = (token: HuggingFaceTokenizerConfig['bos_token']) => (typeof token === 'string' ? token : token?.content)
  const tokens = { bos_token: text(config.bos_token) ?? '', eos_token: text(config.eos_token) ?? '' }
  return {
    specials: true,
    render(messages) {
      try {
        return template.render({ messages: [...messages], add_generation_prompt: true, ...tokens })
      } catch (error) {
        throw new RequestError('messages', "a chat that the model's template takes", (error as Error).message)
      }
    },
  }
}
