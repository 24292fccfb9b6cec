/** Fields of forms: a label, the control and what to know about it, tied together for screen readers. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
}

export function TextField({
  label,
  hint,
  value,
  onInput,
  type = 'text',
  ...rest
}: FieldProps & {
  value: string;
  onInput: (value: string) => void;
  type?: 'text' | 'password' | 'search' | 'datetime-local';
  placeholder?: string;
  isRequired?: boolean;
  hasFocus?: boolean;
  isLabelHidden?: boolean;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={rest.isLabelHidden === true ? 'hidden-text' : 'field-label'}>
        {label}
      </label>
      <input
        id={id}
        class="input"
        value={value}
        placeholder={rest.placeholder}
        required={rest.isRequired}
        autofocus={rest.hasFocus}
        autocomplete="off"
        spellcheck={false}
        {...({ type } as { type: 'text' })}
        step={type === 'datetime-local' ? 1 : undefined}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {hint !== undefined && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export interface Choice {
  readonly value: string;
  readonly text: string;
}

export function SelectField({
  label,
  hint,
  value,
  choices,
  onChange,
  isLabelHidden = false,
}: FieldProps & {
  value: string;
  choices: readonly Choice[];
  onChange: (value: string) => void;
  isLabelHidden?: boolean;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={isLabelHidden ? 'hidden-text' : 'field-label'}>
        {label}
      </label>
      <select
        id={id}
        class="input select"
        value={value}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value} selected={choice.value === value}>
            {choice.text}
          </option>
        ))}
      </select>
      {hint !== undefined && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export function CheckField({
  label,
  hint,
  isChecked,
  onChange,
}: FieldProps & { isChecked: boolean; onChange: (isChecked: boolean) => void }) {
  const id = useId();
  return (
    <div class="field field-check">
      <input
        id={id}
        type="checkbox"
        checked={isChecked}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <div>
        <label for={id}>{label}</label>
        {hint !== undefined && (
          <p class="field-hint" id={`${id}-hint`}>
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}

/** `orders, users.premium` → names; commas and blanks separate. */
export function splitNames(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((name) => name !== ''))];
}
