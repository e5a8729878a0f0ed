// What a person or an organization may be called: the fields that set-up, sign-up and joining share.
import { z } from "zod";

export const organizationName = z
  .string()
  .trim()
  .min(1, "Enter the organization's name.")
  .max(80, "The name is too long (80 characters at most).");
export const personName = z.string().trim().min(1, "Enter your name.").max(80, "The name is too long (80 characters at most).");
export const emailAddress = z.string().trim().toLowerCase().max(320).pipe(z.email("Enter a valid e-mail address."));
export const newPassword = z.string().min(10, "Use at least 10 characters.").max(200, "The password is too long (200 characters at most).");
