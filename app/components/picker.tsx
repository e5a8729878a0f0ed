// A list of check boxes in a box that scrolls: people, teams or connections to choose from.
import { Choice } from "./ui/choice.tsx";

interface PickerProps {
  /** What is chosen, in words. */
  legend: string;
  /** The name the form sends each chosen id under. */
  name: string;
  options: readonly { id: string; label: string; hint?: string }[];
  chosen?: readonly string[];
}

export function Picker({ legend, name, options, chosen = [] }: PickerProps) {
  if (options.length === 0) return null;
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 font-medium">{legend}</legend>
      <div className="grid max-h-60 gap-2 overflow-y-auto rounded-lg border border-line bg-sunken p-2.5 sm:grid-cols-2">
        {options.map(({ id, label, hint }) => (
          <Choice key={id} type="checkbox" name={name} value={id} defaultChecked={chosen.includes(id)} label={label} hint={hint} />
        ))}
      </div>
    </fieldset>
  );
}
