import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.js';

export interface ButtonProps {
  readonly onClick?: () => void;
  readonly kind?: 'primary' | 'danger' | 'plain' | 'quiet';
  readonly icon?: IconName;
  /** For what has no text. */
  readonly label?: string;
  readonly type?: 'button' | 'submit';
  readonly disabled?: boolean | undefined;
  /** Of a disabled one: why. */
  readonly title?: string | undefined;
  readonly isBusy?: boolean;
  readonly isSmall?: boolean;
  readonly isExpanded?: boolean;
  readonly controls?: string;
  readonly children?: ComponentChildren;
}

export function Button(props: ButtonProps) {
  const { kind = 'plain', icon, label, type = 'button', disabled = false, isBusy = false, children } = props;
  return (
    <button
      type={type}
      class={`button button-${kind}${props.isSmall === true ? ' button-small' : ''}${children === undefined ? ' button-icon' : ''}`}
      onClick={props.onClick}
      disabled={disabled || isBusy}
      aria-busy={isBusy}
      aria-label={label}
      title={props.title ?? label}
      aria-expanded={props.isExpanded}
      aria-controls={props.controls}
    >
      {icon !== undefined && <Icon name={icon} size={16} />}
      {children}
    </button>
  );
}
