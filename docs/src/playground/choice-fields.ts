import { h, type VNode } from 'vue'

/** A number with its label. What does not fit is refused by the form it stands in. */
export const numberField = (
  label: string,
  value: number,
  { least, most, step = 1 }: { least: number; most: number; step?: number | 'any' },
  change: (value: number) => void,
): VNode =>
  h('label', [
    h('span', label),
    h('input', {
      type: 'number',
      min: least,
      max: most,
      step,
      required: true,
      value,
      onInput: ({ target }: Event) => {
        const { valueAsNumber, validity } = target as HTMLInputElement
        if (validity.valid) change(valueAsNumber)
      },
    }),
  ])

/** One of a few, with its label. */
export const selectField = <T extends string | number>(
  label: string,
  value: T | '',
  choices: readonly (readonly [value: T, text: string])[],
  change: (value: T) => void,
  disabled = false,
): VNode =>
  h('label', [
    h('span', label),
    h(
      'select',
      {
        value,
        disabled,
        onChange: ({ target }: Event) => {
          const chosen = choices[(target as HTMLSelectElement).selectedIndex]
          if (chosen) change(chosen[0])
        },
      },
      choices.map(([choice, text]) => h('option', { key: choice, value: choice, selected: choice === value }, text)),
    ),
  ])
