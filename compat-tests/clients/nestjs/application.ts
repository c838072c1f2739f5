// The microservice of NestJS's guide to Kafka: a question that is answered, and an event that is heard.
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';

export const heard: string[] = [];

@Controller()
class HeroesController {
  @MessagePattern(process.env.QUESTIONS)
  killDragon(@Payload() message: { dragonId: number }) {
    return { slain: message.dragonId };
  }

  @EventPattern(process.env.EVENTS)
  dragonKilled(@Payload() message: { name: string }) {
    heard.push(message.name);
  }
}

@Module({ controllers: [HeroesController] })
export class AppModule {}
